// A policy for people: its facts, what follows from them, and how.
import { fromFacts } from '../keystore/manifest.ts';
import { isTombstone } from '../lifecycle/key.ts';
import {
  grace,
  graceOf,
  type Kind,
  leadOf,
  type PolicyFacts,
  publishAhead,
  spanNames,
} from '../lifecycle/policy.ts';
import { describeExactly, formatDuration, formatInstant, type Instant } from '../lifecycle/time.ts';
import type { SetPolicy } from '../operations/set-policy.ts';
import { describeInstant } from './describe-time.ts';
import type { Session } from './session.ts';
import { escapeText, formatTable } from './terminal-text.ts';

const meanings: Readonly<Record<keyof PolicyFacts, string>> = {
  rotateEvery: 'how often to rotate',
  publishLag: 'from export until all can fetch it',
  cacheMaxAge: 'max-age of the published set',
  staleIfError: 'stale-if-error of the published set',
  verifierCache: 'how long verifiers keep it besides',
  tokenTtl: 'longest life of a token',
  signerReload: 'how long signers keep a private set',
  skew: 'how far clocks may be apart',
  alg: 'algorithms to have a signer for',
  publishedAt: 'where a successor must be seen first',
  destroyRetiring: 'no private half once it no longer signs',
};

/** Members of `policies`: `policy` null where the set has none and the defaults count. */
export function toPolicyJson(one: SetPolicy): object {
  const { manifest, inForce, planned } = one;
  const { set, policy } = manifest;
  return {
    set,
    policy: policy === undefined ? null : fromFacts(policy.facts),
    was: (policy?.was ?? []).map(({ facts, until }) => ({
      facts: fromFacts(facts),
      until: formatInstant(until),
    })),
    inForce: fromFacts(inForce),
    publishAhead: formatDuration(publishAhead(inForce)),
    grace: formatDuration(grace(inForce)),
    spans: kindsOf(one).map((kind) => ({
      ...kind,
      lead: formatDuration(leadOf(inForce, kind)),
      grace: formatDuration(graceOf(inForce, kind)),
    })),
    planned: planned.map(({ use, alg, publishes, activates, succeeds }) => ({
      use,
      alg,
      publishes: formatInstant(publishes),
      activates: activates === undefined ? null : formatInstant(activates),
      succeeds: succeeds ?? null,
    })),
  };
}

export function policyTable(session: Session, policies: readonly SetPolicy[]): string {
  const { stdout } = session.host;
  const rows = policies.flatMap((one) => {
    const { manifest, inForce, at } = one;
    const facts = fromFacts(manifest.policy?.facts ?? inForce);
    const names = ['rotateEvery', ...Object.keys(facts).filter((name) => name !== 'rotateEvery')];
    const own = names.map((name) => {
      const value = facts[name];
      const text = Array.isArray(value) ? value.join(', ') : String(value ?? 'never');
      return [manifest.set, name, text, meanings[name as keyof PolicyFacts] + lowered(one, name)];
    });
    const planned = one.planned.map(({ alg, publishes, activates }) => [
      manifest.set,
      'next rotation',
      alg,
      `published ${describeInstant(publishes, at, stdout.isTerminal)}, signs ${activates === undefined ? 'once it is seen' : `from ${describeInstant(activates, at, stdout.isTerminal)}`}`,
    ]);
    const spans = kindsOf(one).flatMap((kind) => {
      const { lead, after, before } = wordsOf(kind);
      return [
        [manifest.set, lead, describeExactly(leadOf(inForce, kind)), before],
        [manifest.set, after.name, describeExactly(graceOf(inForce, kind)), after.text],
      ];
    });
    return [...own, ...spans, ...planned];
  });
  const columns = [
    { title: 'SET ID', shrinks: 'last' },
    { title: 'FACT' },
    { title: 'VALUE' },
    { title: 'WHAT IT IS' },
  ] as const;
  const table = formatTable(columns, rows, stdout);
  const without = policies.filter(({ manifest }) => manifest.policy === undefined);
  if (without.length === 0 || !stdout.isTerminal) return table;
  const names = without.map(({ manifest }) => escapeText(manifest.set)).join(', ');
  return `${table}\nNo policy: ${names}. The defaults count, and rotate --due only tidies.\n`;
}

/** The kinds of keys that a set has; without a key what a signing key would be. */
function kindsOf({ manifest, at }: SetPolicy): Kind[] {
  const kinds = manifest.keys
    .filter((key) => !isTombstone(key, at))
    .map(({ use, symmetric }) => ({ use, symmetric }));
  const names = kinds.map((kind) => JSON.stringify(kind));
  const unique = kinds.filter((_, index) => names.indexOf(names[index] ?? '') === index);
  return unique.length === 0 ? [{ use: 'sig', symmetric: false }] : unique;
}

/** What the two spans of a key are called and do. */
function wordsOf({ use, symmetric }: Kind) {
  if (use === 'sig' && !symmetric) {
    return {
      lead: 'publishAhead',
      before: 'published so long before it signs',
      after: { name: 'grace', text: 'published so long after it signed' },
    };
  }
  const kind = symmetric ? `symmetric ${use}` : use;
  const work = use === 'enc' ? 'is encrypted to' : 'signs';
  return {
    lead: `lead (${kind})`,
    before: `handed out so long before it ${work}`,
    after: { name: `grace (${kind})`, text: 'kept so long after that' },
  };
}

/** That a fact was lowered, and until when its old value counts. */
function lowered({ manifest, inForce }: SetPolicy, name: string): string {
  const span = spanNames.find((one) => one === name);
  const facts = manifest.policy?.facts;
  if (span === undefined || facts === undefined || inForce[span] === facts[span]) return '';
  const until = (manifest.policy?.was ?? [])
    .filter((old) => old.facts[span] === inForce[span])
    .map((old) => old.until);
  return `; ${formatDuration(inForce[span])} counts until ${formatInstant(Math.max(...until) as Instant)}`;
}

/** The arithmetic, with the facts in force. */
export function explainPolicy(session: Session, policies: readonly SetPolicy[]): string {
  const { bold } = session.printer.out;
  return policies
    .map(
      (one) =>
        `\n${bold(escapeText(one.manifest.set))}\n${kindsOf(one)
          .map((kind) => explainKind(one, kind))
          .join('')}`,
    )
    .join('');
}

function explainKind({ manifest, inForce }: SetPolicy, kind: Kind): string {
  const facts = manifest.policy?.facts ?? inForce;
  const names = wordsOf(kind);
  const width = Math.max(12, names.lead.length, names.after.name.length) + 2;
  const margin = ' '.repeat(width + 2);
  const sum = (parts: readonly (typeof spanNames)[number][]) =>
    parts.map((name) => `${name} ${formatDuration(inForce[name])}`).join(' + ');
  const line = (
    name: string,
    spanOf: (facts: PolicyFacts) => number,
    parts: readonly (typeof spanNames)[number][],
    why: string,
  ) => {
    const [now, then] = [spanOf(inForce), spanOf(facts)];
    return [
      `  ${name.padEnd(width)}${describeExactly(now)} = ${sum(parts)}`,
      ...(now === then ? [] : [`${margin}${describeExactly(then)} when what was lowered no longer counts.`]),
      `${margin}${why}`,
    ];
  };
  const publicly = ['publishLag', 'cacheMaxAge', 'staleIfError', 'verifierCache'] as const;
  const privately = ['signerReload', 'skew'] as const;
  // The greater of both counts: it is the one that is shown.
  const leads = [...publicly, 'skew'] as const;
  const isByReload =
    kind.use === 'enc' || (kind.symmetric && leadOf(inForce, kind) !== publishAhead(inForce));
  const isByCaches =
    kind.use === 'enc' && graceOf(inForce, kind) === publishAhead(inForce) + inForce.tokenTtl;
  const period = facts.rotateEvery;
  const isPublic = kind.use === 'sig' && !kind.symmetric;
  const ahead = leadOf(facts, kind);
  return [
    ...line(
      names.lead,
      (one) => leadOf(one, kind),
      isByReload ? privately : leads,
      isByReload
        ? 'Hosts take their private set so seldom, and must have the key before it is used.'
        : 'A verifier may have fetched the set just before the successor came into it, and keep it so long.',
    ),
    ...line(
      names.after.name,
      (one) => graceOf(one, kind),
      isByCaches
        ? [...publicly, 'tokenTtl', 'skew']
        : kind.use === 'enc' && !kind.symmetric
          ? privately
          : ['tokenTtl', ...privately],
      isByCaches
        ? 'A sender may go on so long with a set that it has fetched, and what it sends is good for so long.'
        : 'A signer may go on so long with what it has loaded, and its last token is good for so long.',
    ),
    period === undefined
      ? `  ${'rotateEvery'.padEnd(width)}never: rotate --due makes no successor`
      : `  ${'rotateEvery'.padEnd(width)}${formatDuration(period)}, at least 2 x ${names.lead} = ${describeExactly(2 * ahead)}; a successor is ${isPublic ? 'published' : 'handed out'} ${describeExactly(Math.max(0, period - ahead))} after a key began ${kind.use === 'enc' ? 'to be used' : 'to sign'}`,
    '',
  ].join('\n');
}
