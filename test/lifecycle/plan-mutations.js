// One small fault for each rule of what is to be done with keys, and when: for scripts/mutate-rules.js.
import { mutationsOf } from './mutations-of.js';

export const planMutations = [
  ...mutationsOf(
    'due.ts',
    ['due: publishAhead before the period is over', 'ends - leadOf(draft.facts, target);', 'ends;'],
    [
      'due: by when the signer was activated',
      'Math.min(activates + period,',
      'Math.min(signer.created + period,',
    ],
    [
      'due: sooner where the signer stops',
      'deactivates ?? retires ?? Number.POSITIVE_INFINITY',
      'Number.POSITIVE_INFINITY',
    ],
    [
      'due: at once for an algorithm without a signer',
      'if (signer === undefined) return draft.now;',
      'if (signer === undefined) return undefined;',
    ],
    ['due: one successor, however many periods', 'if (draft.next(target) !== undefined) return [];', ''],
    [
      'due: a set without a period is only tidied',
      'if (period === undefined) return undefined;\n  if (signer',
      'if (period === undefined) return draft.now;\n  if (signer',
    ],
    ['due: what is lowered may not count by then', 'at > earlier;', 'false;'],
  ),
  ...mutationsOf(
    'plan-rotation.ts',
    [
      'due: never skips publishAhead',
      'publish(draft, target, earliestFor(draft, target), reason)',
      'publish(draft, target, draft.now, reason)',
    ],
    ['due: writes nothing before it is due', 'if (at > draft.now) continue;', ''],
    [
      'rotate does nothing while there is a next key',
      "if (next === undefined) publish(draft, target, earliestFor(draft, target), 'asked for')",
      "publish(draft, target, earliestFor(draft, target), 'asked for')",
    ],
    [
      'a successor is like the signer',
      "likeOf(draft, target), { activates }, 'published'",
      "undefined, { activates }, 'published'",
    ],
    [
      'the keys before it stop when it signs',
      "succeed(draft, target, activates, 'until its successor signs', [kid]);",
      '',
    ],
    ['seen: only what was found is dated', 'if (!seen.includes(key.kid)) continue;', ''],
    ['--now takes the next key', 'if (next === undefined)\n    draft.add(', 'if (true)\n    draft.add('],
    [
      '--now: the others stop at once',
      "for (const key of signers) endAt(draft, key, draft.now, 'its successor signs');",
      '',
    ],
    [
      '--now again within publishAhead wants --force',
      'if (known > draft.now)',
      'if (known > draft.now + 9e9)',
    ],
    ['--activate-at earlier wants --force', 'at < earliest', 'at < earliest - 1'],
    [
      '--activate-at moves the dates behind it',
      "moveEnds(draft, target, activates, at, 'its successor signs then');",
      '',
    ],
    ['--activate-at waits for what must be seen', 'next.seen === undefined ? undefined', 'false ? undefined'],
    [
      '--cancel drops the dates behind it',
      "moveEnds(draft, next, next.activates, undefined, 'its successor was cancelled');",
      '',
    ],
    [
      '--cancel of a key that signs within skew wants --force',
      'draft.now + draft.facts.skew && !force',
      'draft.now && !force',
    ],
    ['--cancel: who loaded it may sign with it', 'now + facts.signerReload + facts.skew', 'now + facts.skew'],
  ),
  ...mutationsOf(
    'succession.ts',
    [
      'a successor signs after publishAhead',
      '(draft.now + leadOf(draft.facts, target)) as Instant',
      'draft.now as Instant',
    ],
    ['a key leaves grace after it stopped', 'at + graceOf(draft.facts, key)', 'at'],
    ['what moves later leaves no earlier', 'Math.max(least, ', 'Math.max('],
    [
      'all active keys of the role stop',
      'hasRole(one, role) && !successors.includes(one.kid))',
      'hasRole(one, role) && !successors.includes(one.kid) && draft.active(role)?.kid === one.kid)',
    ],
    ['an older key that stops sooner does', 'if (isSooner && key.kid !== signer?.kid) continue;', ''],
    [
      'after a loss the first next key signs now',
      "draft.date(next, { activates: draft.now }, 'activated', reason);",
      '',
    ],
    ['after a loss a new key signs now', '} else if (!decline) {', '} else if (false) {'],
    ['--no-successor declines that', '} else if (!decline) {', '} else {'],
    [
      'a lost successor has a new one',
      'draft.next(target) ??\n      draft.add(',
      'draft.next(target) ??\n      signer ??\n      draft.add(',
    ],
    [
      'and the date moves to its start',
      'moveEnds(draft, signer, deactivates, isPast(draft, signer)',
      'void (isPast(draft, signer)',
    ],
    [
      'declined: a signer without a successor goes on',
      'moveEnds(draft, signer, deactivates, undefined, reason);',
      '',
    ],
    [
      'other algorithms end when the last that was missing signs',
      'Math.max(to ?? never,',
      'Math.min(to ?? never,',
    ],
    ['and is known by all', 'Math.max(activation(key), safeFor(draft, key))', 'activation(key)'],
    [
      'an algorithm that is wanted again goes on',
      'endAt(draft, key, undefined, reason);',
      'endAt(draft, key, key.deactivates, reason);',
    ],
    [
      'a key waits for its own successor',
      'if (hasRole(key, role)) endAt(draft, key, to, reason);',
      'if (true) endAt(draft, key, to, reason);',
    ],
  ),
  ...mutationsOf(
    'plan-removal.ts',
    [
      'retire: stops now',
      "if (state === 'active') endAt(draft, key, draft.now, 'asked for', 'retired');",
      '',
    ],
    ['revoke: keeps the reason', 'reason: removal.reason } }', "reason: 'unspecified' } }"],
    ['delete: gone now', '{ retires: draft.now }', '{}'],
    [
      'every deactivation has a successor behind it',
      'restoreSuccession(draft, signers, leaving, noSuccessor);',
      '',
    ],
  ),
  ...mutationsOf(
    'plan-policy.ts',
    ['lowered: is remembered', 'facts[name] >= old[name]', 'true'],
    ['lowered: for the longest span that follows', 'Math.max(...spans)', 'Math.min(...spans)'],
    ['lowered before: counts on', '[...still, {', '[{'],
    ['raised: moves a successor later', 'for (const key of draft.keys) postpone(draft, before, key);', ''],
    ['raised: never earlier', 'leadOf(before.facts, key) && safe > activates', 'leadOf(before.facts, key)'],
    ['raised: only what waits for it', 'leadOf(draft.facts, key) > leadOf(before.facts, key) && ', ''],
    ['raised: keys stay for longer', 'if (isRaised && later > retires)', 'if (false)'],
    ['raised: keys stay no shorter', 'if (isRaised && later > retires)', 'if (later !== retires)'],
    ['places that are named: a date is lost until seen', 'holdBack(draft, before);', ''],
  ),
  ...mutationsOf(
    'tidy.ts',
    [
      'retired: destroyed at the next write',
      "if (state === 'retired' && isWhole",
      "if (false && state === 'retired' && isWhole",
    ],
    ['revoked: destroyed at the next write', "if (state === 'revoked' && isWhole)", 'if (false)'],
    ['retiring: kept, unless the policy says so', 'policy?.facts.destroyRetiring === true && ', ''],
    ['destroyRetiring: what decrypts is kept', "=== true && use === 'sig'", '=== true'],
    ['destroyRetiring: what verifies by itself is kept', ' && !symmetric', ''],
  ),
  ...mutationsOf(
    'plan-import.ts',
    [
      'imported keys: the first signs',
      '...datesFor(draft, key, placement) }));',
      '...datesFor(draft, key, placement) })).reverse();',
    ],
    ['imported as next: after publishAhead', 'activates: earliestFor(draft, key)', 'activates: now'],
    [
      'imported as next: the keys before them stop',
      'succeed(draft, key, key.activates',
      'succeed(draft, key, undefined',
    ],
    ['imported as retiring: leave after grace', 'now + graceOf(draft.facts, key)', 'now'],
  ),
  ...mutationsOf(
    'token-life.ts',
    [
      'no token is good for longer than tokenTtl',
      'if (exp > now + tokenTtl)',
      'if (exp > now + tokenTtl + 1)',
    ],
    ['no token is good for longer than its key', 'exp > retires', 'exp > retires + 1'],
  ),
];
