// A policy for people: its facts, what follows from them, and how.
import { fromFacts } from '../keystore/manifest.ts';
import { grace, type PolicyFacts, publishAhead, spanNames } from '../lifecycle/policy.ts';
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
export function toPolicyJson({ manifest, inForce, planned }: SetPolicy): object {
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
    return [
      ...own,
      [
        manifest.set,
        'publishAhead',
        describeExactly(publishAhead(inForce)),
        'published so long before it signs',
      ],
      [manifest.set, 'grace', describeExactly(grace(inForce)), 'published so long after it signed'],
      ...planned,
    ];
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
    .map(({ manifest, inForce }) => {
      const sum = (names: readonly (typeof spanNames)[number][]) =>
        names.map((name) => `${name} ${formatDuration(inForce[name])}`).join(' + ');
      const period = manifest.policy?.facts.rotateEvery;
      const ahead = publishAhead(inForce);
      const facts = manifest.policy?.facts ?? inForce;
      const later = (spanOf: (facts: PolicyFacts) => number, span: number) =>
        spanOf(facts) === span
          ? []
          : [`                ${describeExactly(spanOf(facts))} when what was lowered no longer counts.`];
      return [
        `\n${bold(escapeText(manifest.set))}`,
        `  publishAhead  ${describeExactly(ahead)} = ${sum(['publishLag', 'cacheMaxAge', 'staleIfError', 'verifierCache', 'skew'])}`,
        ...later(publishAhead, ahead),
        '                A verifier may have fetched the set just before the successor came into it, and keep it so long.',
        `  grace         ${describeExactly(grace(inForce))} = ${sum(['tokenTtl', 'signerReload', 'skew'])}`,
        ...later(grace, grace(inForce)),
        '                A signer may go on so long with what it has loaded, and its last token is good for so long.',
        period === undefined
          ? '  rotateEvery   never: rotate --due makes no successor'
          : `  rotateEvery   ${formatDuration(period)}, at least 2 x publishAhead = ${describeExactly(2 * ahead)}; a successor is published ${describeExactly(Math.max(0, period - ahead))} after a key began to sign`,
        '',
      ].join('\n');
    })
    .join('');
}
