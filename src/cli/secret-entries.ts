// How the secrets of a keystore are shown, without what is secret of them.
import { formatInstant } from '../lifecycle/time.ts';
import type { SlotEntry } from '../operations/secrets.ts';
import type { Session } from './session.ts';
import { formatTable } from './terminal-text.ts';

/** To be said where a secret is taken away. */
export const whoStillHasAccess =
  'whoever had it, and a copy of the keystore, can open that copy as before: jwks rekey makes a new master key, jwks revoke takes keys out of use';

/** `list`: as JSON all of them are one object; else it is the one that was made or taken away. */
export function printSecrets(
  session: Session,
  entries: readonly SlotEntry[],
  form: 'list' | 'one' = 'one',
): Promise<void> {
  const rows = entries.map(({ label, kind, created, kid }) => [label, kind, formatInstant(created), kid]);
  const columns = ['LABEL', 'KIND', 'CREATED', 'KEY ID'].map((title) => ({ title }));
  const shapes = entries.map(({ label, kind, created, kid }) => ({
    label,
    kind,
    created: formatInstant(created),
    kid,
  }));
  return session.printer.result({
    usual: 'table',
    json: () => (form === 'list' ? { secrets: shapes } : shapes[0]),
    table: () => formatTable(columns, rows, session.host.stdout),
    ids: entries.map(({ label }) => label),
  });
}
