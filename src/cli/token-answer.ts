// Whether a token is good and why not, for people and as JSON.
import { toInstant } from '../lifecycle/time.ts';
import type { Verified } from '../operations/verify-token.ts';
import { describeInstant } from './describe-time.ts';
import type { Result } from './printer.ts';
import type { Session } from './session.ts';
import { escapeText, formatTable } from './terminal-text.ts';

export function toAnswer(session: Session, verified: Verified): Result {
  const { ok, reasons, key, claims } = verified;
  return {
    usual: 'table',
    json: () => ({
      ok,
      reasons: reasons.map(({ code, message }) => ({ code, message })),
      set: key?.set ?? null,
      kid: key?.kid ?? null,
      alg: key?.alg ?? null,
      state: key?.state ?? null,
      claims: claims ?? null,
    }),
    table: () => {
      if (ok) return `good  ${escapeText(describeGood(session, verified))}\n`;
      const { red } = session.printer.out;
      return formatTable(
        [{ title: 'REASON' }, { title: 'MESSAGE' }],
        reasons.map(({ code, message }) => [code, message]),
        session.host.stdout,
        (text, column) => (column === 0 ? red(text) : text),
      );
    },
  };
}

function describeGood(session: Session, { key, claims, at }: Verified): string {
  const state = key?.state === undefined ? '' : `, ${key.state}`;
  const exp = claims?.['exp'];
  const end =
    typeof exp !== 'number'
      ? 'it never expires'
      : exp > 253_402_300_799
        ? 'it does not expire in this calendar'
        : `it expires ${describeInstant(toInstant(exp), at, session.host.stdout.isTerminal)}`;
  return `signed by ${key?.name ?? 'a key'} (${key?.alg ?? ''}${state}); ${end}`;
}

/** All that is wrong in one line. */
export function describeReasons({ reasons }: Verified): string {
  return `the token is not good: ${reasons.map(({ message }) => message).join('; ')}`;
}
