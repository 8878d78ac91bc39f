// One small fault for each rule of what a key is, and what follows from a policy: for scripts/mutate-rules.js.
import { mutationsOf } from './mutations-of.js';

export const stateMutations = [
  ...mutationsOf(
    'clock.ts',
    ['now is the later of clock and last change', 'Math.max(clock, updated ?? clock)', 'clock'],
    ['a clock behind by more than skew is refused', 'updated - clock <= skew', 'updated - clock <= skew + 1'],
    ['400 days of nothing want to be forced', '400 * 86_400', '401 * 86_400'],
    ['unless two periods are longer', '2 * (rotateEvery ?? 0)', '(rotateEvery ?? 0)'],
  ),
  ...mutationsOf(
    'key.ts',
    ['revoked wins over every date', "if (isReached(key.revoked?.at, now)) return 'revoked';", ''],
    ['a date counts from its second on', 'date <= now', 'date < now'],
  ),
  ...mutationsOf(
    'signer.ts',
    [
      'the signer is the one activated last',
      '(activation(key) > activation(best) ? key : best)',
      '(activation(key) < activation(best) ? key : best)',
    ],
    [
      'at a tie the earlier in the document',
      '(activation(key) > activation(best) ? key : best)',
      '(activation(key) >= activation(best) ? key : best)',
    ],
    ['none active: the next one within skew', 'activation(key) <= now + skew', 'activation(key) <= now'],
    ['the first of a role waits for its date', 'key.activates === key.created', 'true'],
    ['public halves never sign', 'key.held && hasRole(key, role)', 'hasRole(key, role)'],
  ),
  ...mutationsOf(
    'plan-create.ts',
    ['a new key is active at once', 'activates: now }', 'activates: (now + 1) as Instant }'],
    [
      'tombstones reserve their kid',
      'keys.some(({ kid }) => kid === incoming.kid)',
      'keys.some(({ kid, held }) => held && kid === incoming.kid)',
    ],
    ['the thumbprint of a revoked key is refused', 'if (keys.some(isRevoked))', 'if (false)'],
    ['that of another key is not', 'revoked !== undefined && thumbprint', 'thumbprint'],
  ),
  ...mutationsOf(
    'policy.ts',
    ['publishAhead counts publishLag', 'facts.publishLag + cacheSpan(facts)', 'cacheSpan(facts)'],
    [
      'publishAhead counts skew',
      'facts.publishLag + cacheSpan(facts) + facts.skew',
      'facts.publishLag + cacheSpan(facts)',
    ],
    [
      'caches: cacheMaxAge, staleIfError, verifierCache',
      'facts.cacheMaxAge + facts.staleIfError',
      'facts.cacheMaxAge',
    ],
    ['grace counts signerReload', 'facts.tokenTtl + facts.signerReload', 'facts.tokenTtl'],
    [
      'rotateEvery is twice publishAhead at least',
      'facts.rotateEvery >= shortest',
      'facts.rotateEvery > shortest',
    ],
    ['seen: then caches and skew', 'return cacheSpan(facts) + facts.skew;', 'return cacheSpan(facts);'],
    ['seen before it signs, where places are named', '(facts.publishedAt?.length ?? 0) > 0', 'false'],
    ['enc and symmetric keys do not wait to be seen', "use === 'sig' && !symmetric && (facts", '(facts'],
    ['enc: next until private sets are loaded', "if (use === 'enc') return privately;", ''],
    [
      'enc: retiring until what was sent is over',
      'publishAhead(facts) + facts.tokenTtl',
      'publishAhead(facts)',
    ],
    [
      'symmetric: no sooner than private sets are loaded',
      'Math.max(publishAhead(facts), privately)',
      'publishAhead(facts)',
    ],
    [
      'symmetric enc: as long as private sets are held',
      'symmetric ? grace(facts) :',
      'false ? grace(facts) :',
    ],
    ['lowered: counts at its old value', '.filter(({ until }) => until > now)', '.filter(() => false)'],
    ['lowered: until then and no longer', '({ until }) => until > now', '({ until }) => until >= now'],
  ),
  ...mutationsOf(
    'publication.ts',
    ['symmetric keys are never published', 'if (key.symmetric) return false;', ''],
    [
      'enc is published only while active',
      "? state === 'active'",
      "? state === 'active' || state === 'retiring'",
    ],
    ['next keys are published', "state === 'next' || state === 'active'", "state === 'active'"],
    ['retiring keys are published', "state === 'active' || state === 'retiring'", "state === 'active'"],
  ),
  ...mutationsOf(
    'draft.ts',
    ['a new key stands in front', '[key, ...this.#keys]', '[...this.#keys, key]'],
    [
      'of several next keys the first to sign',
      'activation(key) < activation(first)',
      'activation(key) > activation(first)',
    ],
    ['a tombstone is a name and dates', 'held: false, jwk: undefined }', 'held: false }'],
    ['targets: the list of the policy', '[...listed, ...others]', '[...others]'],
    ['targets: else those of the active keys', '[...listed, ...others]', '[...listed]'],
    [
      'a list says nothing about another use',
      '!listed.some((target) => target.use === use)',
      'listed.length === 0',
    ],
  ),
];
