// What a restore or a copy does with sets, in words.
import type { SetStep } from '../operations/decide-restore.ts';
import { type Behind, wordsFor } from '../operations/going-back.ts';
import type { RestorePlan } from '../operations/plan-restore.ts';
import type { Session } from './session.ts';
import { escapeText, formatTable } from './terminal-text.ts';

export async function printSets(
  session: Session,
  title: 'restored' | 'copied',
  sets: readonly Pick<SetStep, 'set' | 'revision' | 'action' | 'buried'>[],
): Promise<void> {
  const rows = sets.map(({ set, revision, action, buried }) => ({
    ...{ set, revision, action },
    ...(buried.length > 0 ? { buried } : {}),
  }));
  await session.printer.result({
    usual: 'table',
    json: () => ({ [title]: rows }),
    table: () =>
      formatTable(
        [{ title: 'SET ID', shrinks: 'last' }, { title: 'REVISION' }, { title: 'ACTION' }],
        rows.map(({ set, revision, action }) => [set, String(revision), action]),
        session.host.stdout,
      ),
  });
}

/** The rest of a question that begins with `restore into`. */
export function whatIsReplaced({ steps, label, master, origin }: RestorePlan): string {
  const there = steps.filter(({ isThere, isSame }) => isThere && !isSame);
  const namesOf = (wanted: string) =>
    there.filter(({ action }) => action === wanted).map(({ set }) => `"${escapeText(set)}"`);
  const isReplaced = master !== undefined && master.from > 0;
  const written = [...(isReplaced ? ['its master document'] : []), ...namesOf('written')];
  const resealed = namesOf('resealed');
  const buried = there.flatMap((step) =>
    step.isBehind ? [`"${escapeText(step.set)}"${listed(step.buried)}`] : [],
  );
  const parts = [
    ...(written.length > 0 ? [`replace ${written.join(', ')} by newer revisions`] : []),
    ...(resealed.length > 0 ? [`seal ${resealed.join(', ')} anew from ${origin.noun}`] : []),
    ...(buried.length > 0
      ? [`take out of ${buried.join(', ')} what is retired or revoked in ${origin.noun}`]
      : []),
  ];
  const what = parts.length > 0 ? `, and ${parts.join(', and ')}` : '';
  return `the keystore at ${escapeText(label)}${what}`;
}

function listed(kids: readonly string[]): string {
  return kids.length > 0 ? ` (${kids.map((kid) => escapeText(kid)).join(', ')})` : '';
}

export async function sayUntried({ printer }: Session, kids: readonly string[]): Promise<void> {
  if (kids.length > 0)
    await printer.say(`not tried, since this Node cannot: ${kids.map((kid) => escapeText(kid)).join(', ')}`, {
      always: true,
    });
}

export async function sayBehind({ printer }: Session, behind: readonly Behind[]): Promise<void> {
  if (behind.length > 0)
    await printer.say(`older than what this host has seen: ${escapeText(wordsFor(behind))}`, {
      always: true,
    });
}

/** What the table has no room for. */
export async function saySets({ printer }: Session, { steps, origin }: RestorePlan): Promise<void> {
  const say = (set: string, what: string, kids: readonly string[] = []) =>
    printer.say(`${escapeText(set)}: ${what}${kids.map((kid) => escapeText(kid)).join(', ')}`, {
      always: true,
    });
  for (const { set, action, lacking, buried } of steps) {
    if (action === 'deleted')
      await say(set, 'was deleted here, and its names stay taken: it comes back only elsewhere, with --into');
    if (action === 'resealed') await say(set, `a new revision with the keys of ${origin.noun}`);
    if (buried.length > 0) await say(set, `retired or revoked as in ${origin.noun}: `, buried);
    if (lacking.length > 0) await say(set, `${origin.noun} has keys that are not taken in: `, lacking);
  }
}
