// Compares what an endpoint publishes with what it should.
import type { PublicJwk } from '../jose/jwk.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';
import type { KeyState } from '../lifecycle/key.ts';
import type { PolicyFacts } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { compareHeaders } from './cache-findings.ts';
import type { ServedJwks, ServedKey, UnreadableKey } from './fetch-jwks.ts';
import { bySeverity, type Finding } from './finding.ts';
import { quoteUpTo } from './quote.ts';

export interface KnownKey {
  readonly kid: string;
  readonly state: KeyState;
  readonly thumbprint?: string | undefined;
  /** When the published set last had to change for it: it was made, or it retired. */
  readonly changed?: Instant | undefined;
  /** It is in use: that it is not there matters from the first second on. */
  readonly isUrgent?: boolean | undefined;
}

export interface Comparison {
  /** What is to be published now. */
  readonly expected: readonly PublicJwk[];
  /** What may be there besides, such as the keys of other sets that are published with these. */
  readonly allowed?: readonly PublicJwk[] | undefined;
  /** All keys that the keystore knows, tombstones too. */
  readonly known: readonly KnownKey[];
  readonly served: ServedJwks;
  readonly facts: Pick<PolicyFacts, 'cacheMaxAge' | 'staleIfError' | 'publishLag'>;
  /** With it, what changed less than `publishLag` ago is only a warning: the endpoint may not have it yet. */
  readonly now?: Instant | undefined;
}

/** Most serious first. Nothing found: the endpoint serves what it should. */
export function comparePublished(comparison: Comparison): Finding[] {
  const { served, expected, facts } = comparison;
  const index = indexOf(comparison);
  const entries: readonly (ServedKey | UnreadableKey)[] = [...served.keys, ...served.unreadable];
  const present = new Set(entries.map(({ kid }) => kid));
  const found = [
    ...entries.flatMap((entry) => judge(entry, index)),
    ...duplicates(entries).map((kid) => problem('duplicate', kid, 'is served more than once')),
    ...expected
      .filter(({ kid }) => !present.has(kid))
      .map(({ kid = '' }) => {
        const known = index.byKid.get(kid);
        return problem(
          'missing',
          kid,
          `is not served${meaning[known?.state ?? 'active']}`,
          index.delay(known),
        );
      }),
  ];
  const leaks: Finding[] = served.holdsPrivate
    ? [{ code: 'private-published', severity: 'error', message: 'private members are served' }]
    : [];
  const all = [...leaks, ...found, ...compareHeaders(served.headers, facts)];
  return all.map((one) => ({ ...one, message: `${served.url}: ${one.message}` })).sort(bySeverity);
}

const meaning: Readonly<Record<KeyState, string>> = {
  next: ', though it is to sign next',
  active: ', though it is in use',
  retiring: ', though what it signed may still be valid',
  retired: '',
  revoked: '',
};

interface Index {
  readonly expected: ReadonlyMap<string | undefined, PublicJwk>;
  readonly byKid: ReadonlyMap<string | undefined, KnownKey>;
  /** Of several kids for one key the one that must least be there. */
  readonly byThumbprint: ReadonlyMap<string | undefined, KnownKey>;
  readonly delay: (key: KnownKey | undefined) => Finding['severity'];
}

const gravest: readonly KeyState[] = ['next', 'active', 'retiring', 'retired', 'revoked'];

function indexOf({ expected, allowed = [], known, facts, now }: Comparison): Index {
  const inOrder = [...known].sort((a, b) => gravest.indexOf(a.state) - gravest.indexOf(b.state));
  return {
    expected: new Map([...allowed, ...expected].map((jwk) => [jwk.kid, jwk])),
    byKid: new Map(inOrder.map((key) => [key.kid, key])),
    byThumbprint: new Map(
      inOrder.flatMap((key) => (key.thumbprint === undefined ? [] : [[key.thumbprint, key]])),
    ),
    delay: (key) => {
      // A key that signs already is missed by every verifier, however new it is.
      const isFresh =
        now !== undefined &&
        key?.changed !== undefined &&
        !key.isUrgent &&
        now - key.changed <= facts.publishLag;
      return isFresh ? 'warning' : 'error';
    },
  };
}

function judge(entry: ServedKey | UnreadableKey, index: Index): Finding[] {
  const expected = index.expected.get(entry.kid);
  if (expected !== undefined) {
    const difference = differenceOf(entry, expected);
    if (difference === undefined) return [];
    // Whose key it is instead can be worse.
    return [problem('differs', entry.kid, difference), ...('jwk' in entry ? judgeForeign(entry, index) : [])];
  }
  const known = 'jwk' in entry ? index.byThumbprint.get(entry.thumbprint) : undefined;
  return [judgeUnexpected(entry, known ?? index.byKid.get(entry.kid), index)];
}

function differenceOf(entry: ServedKey | UnreadableKey, expected: PublicJwk): string | undefined {
  if (!('jwk' in entry)) return `is served in a form that cannot be used: it ${entry.reason}`;
  if (entry.thumbprint !== thumbprintOf(expected)) return 'is served with another key';
  const differing = ['alg', 'use'].find(
    (name) => entry.jwk[name] !== undefined && entry.jwk[name] !== expected[name],
  );
  return differing === undefined ? undefined : `is served with another "${differing}"`;
}

/** A key under the kid of another one: told too if it must not be there at all. */
function judgeForeign(entry: ServedKey, index: Index): Finding[] {
  const owner = index.byThumbprint.get(entry.thumbprint);
  const isDead = owner?.state === 'revoked' || owner?.state === 'retired';
  return isDead ? [judgeUnexpected(entry, owner, index)] : [];
}

function judgeUnexpected(
  entry: ServedKey | UnreadableKey,
  known: KnownKey | undefined,
  index: Index,
): Finding {
  const { kid } = entry;
  if (known === undefined) {
    const rest = 'jwk' in entry ? '' : ` (it ${entry.reason})`;
    return problem('unknown-published', kid, `is served, but is not in the keystore${rest}`);
  }
  if ('jwk' in entry && known.thumbprint !== undefined && known.thumbprint !== entry.thumbprint) {
    return problem('differs', kid, `is served with another key than the keystore has (${known.state})`);
  }
  const name = known.kid === kid ? '' : `, as ${quoteKid(known.kid)},`;
  if (known.state === 'revoked')
    return problem('revoked-published', kid, `is served, but${name} was revoked`);
  if (known.state === 'retired') {
    return problem('retired-published', kid, `is served, but${name} has retired`, index.delay(known));
  }
  if (known.kid !== kid && index.expected.has(known.kid)) {
    return problem('differs', kid, `is served under this name in place of ${quoteKid(known.kid)}`);
  }
  return problem(
    'not-to-publish',
    kid,
    `is served, but${name} is not to be published (${known.state})`,
    index.delay(known),
  );
}

function duplicates(entries: readonly { readonly kid: string | undefined }[]): string[] {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const { kid } of entries) {
    if (kid === undefined) continue;
    (once.has(kid) ? twice : once).add(kid);
  }
  return [...twice];
}

function problem(
  code: string,
  kid: string | undefined,
  what: string,
  severity: Finding['severity'] = 'error',
): Finding {
  if (kid === undefined) return { code, severity, message: `a key without kid ${what}` };
  return { kid, code, severity, message: `key ${quoteKid(kid)} ${what}` };
}

/** A server can make a kid as long as it likes. */
function quoteKid(kid: string): string {
  return quoteUpTo(80, kid);
}
