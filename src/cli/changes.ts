// What a change of sets did to their keys: as the JSON that scripts rely on, and as rows for people.

import { type KeyState, stateOf } from '../lifecycle/key.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import type { Changed } from '../operations/change-set.ts';
import { describeInstant } from './describe-time.ts';
import type { Result } from './printer.ts';
import type { Session } from './session.ts';
import { cut, escapeText, formatTable } from './terminal-text.ts';

type Key = Changed['keys'][number];

/** One state that a key left for another by this change, or will. `at` null: no longer at a date. */
interface Transition {
  readonly set: string;
  /** Null: a key that a dry run did not make. */
  readonly kid: string | null;
  readonly from: KeyState | null;
  readonly to: KeyState;
  readonly at: string | null;
}

/** `{"changes":[{"set","kid","from","to","at"}]}` and a table of the keys that changed. */
export function toChangesResult(
  session: Session,
  sets: readonly Changed[],
  more: { readonly ids?: readonly string[]; readonly json?: object } = {},
): Result {
  return {
    usual: 'table',
    json: () => ({ changes: sets.flatMap(toTransitions), ...more.json }),
    table: () => {
      const { stdout } = session.host;
      const shown = sets.filter((changed) => touchedKeys(changed).length > 0);
      if (!stdout.isTerminal) return shown.length === 0 ? '' : toTable(session, shown);
      return shown.map((changed) => toPicture(session, changed)).join('\n');
    },
    ...(more.ids === undefined ? {} : { ids: more.ids }),
  };
}

function toTransitions(changed: Changed): Transition[] {
  const { set, at: now } = changed;
  return touchedKeys(changed).flatMap(({ before, after }): Transition[] => {
    const kid = 'isNew' in after ? null : after.kid;
    const [was, is] = [before && stateOf(before, now), stateOf(after, now)];
    const dates = [
      ['next', 'active', 'activates'],
      ['active', 'retiring', 'deactivates'],
      ['retiring', 'retired', 'retires'],
    ] as const;
    const later = dates
      .filter(([, , name]) => is !== 'revoked' && is !== 'retired' && after[name] !== before?.[name])
      .filter(([, , name]) => (after[name] ?? now) > now)
      .map(([from, to, name]) => ({ set, kid, from, to, at: formatInstant(after[name] ?? now) }));
    const first = was !== is ? [{ set, kid, from: was ?? null, to: is, at: formatInstant(now) }] : [];
    const all = [...first, ...later];
    if (all.length > 0) return all;
    // What had its time was destroyed by this, or a date was taken back.
    const over = is === 'retired' ? after.retires : is === 'revoked' ? after.revoked?.at : undefined;
    const from = over === undefined ? is : 'retiring';
    return [{ set, kid, from, to: is, at: over === undefined ? null : formatInstant(over) }];
  });
}

export interface Touched {
  readonly before: Key | undefined;
  readonly after: Key;
  readonly events: readonly string[];
}

/** The keys that something happened to, in the order of the set. */
export function touchedKeys({ before, keys, steps }: Changed): Touched[] {
  return keys.flatMap((after): Touched[] => {
    const events = steps.filter(({ kid }) => kid === after.kid).map(({ event }) => event);
    if (events.length === 0) return [];
    return [{ before: before.keys.find(({ kid }) => kid === after.kid), after, events }];
  });
}

function toTable(session: Session, sets: readonly Changed[]): string {
  const columns = ['SET ID', 'KEY ID', 'ALGORITHM', 'USE', 'STATE', 'WHAT CHANGED'].map((title) => ({
    title,
  }));
  const rows = sets.flatMap((changed) =>
    touchedKeys(changed).map((touched) => {
      const { after } = touched;
      const state = stateOf(after, changed.at);
      return [changed.set, nameOf(after), after.alg, after.use, state, describe(touched, changed.at, false)];
    }),
  );
  return formatTable(columns, rows, session.host.stdout);
}

const kidWidth = 8;

/** The keys of a set under its name, as CLI.md draws it. */
function toPicture(session: Session, changed: Changed): string {
  const { out } = session.printer;
  const touched = touchedKeys(changed);
  const algs = [...new Set(touched.map(({ after }) => after.alg))];
  const starts = touched.map(({ after }) => after.activates).filter((at) => at !== undefined);
  const rows = touched.map((one) => {
    const { after, before } = one;
    const mark = before === undefined ? '+' : isGone(after, changed.at) ? '-' : ' ';
    const kid = cut(escapeText(nameOf(after)), kidWidth).padEnd(kidWidth);
    const state = stateOf(after, changed.at);
    return `  ${mark} ${kid}  ${out[colors[state]](state.padEnd(8))}  ${describe(one, changed.at, true, starts)}\n`;
  });
  return `${out.bold(escapeText(changed.set))}  ${algs.join(', ')}\n${rows.join('')}`;
}

const colors = { next: 'cyan', active: 'green', retiring: 'yellow', retired: 'dim', revoked: 'red' } as const;

function nameOf(key: Key): string {
  return 'isNew' in key ? '(new)' : key.kid;
}

function isGone(key: Key, now: Instant): boolean {
  const state = stateOf(key, now);
  return state === 'retired' || state === 'revoked';
}

/** What happened to a key, and what will. */
function describe(
  { after, before, events }: Touched,
  now: Instant,
  isTerminal: boolean,
  starts: readonly (Instant | undefined)[] = [],
): string {
  const on = (at: Instant) => describeInstant(at, now, isTerminal);
  const verb = after.use === 'enc' ? 'encrypts' : 'signs';
  switch (stateOf(after, now)) {
    case 'next': {
      const out = after.use === 'enc' || after.symmetric ? 'handed out from now, ' : 'published from now, ';
      const lead = before === undefined ? out : '';
      return `${lead}${verb} ${after.activates === undefined ? 'once it was seen where the policy says' : `from ${on(after.activates)}`}`;
    }
    case 'active': {
      const from = events.includes('activated') ? ' from now' : '';
      if (after.deactivates === undefined) return from === '' ? `goes on as before` : `${verb}${from}`;
      const leaves = after.retires === undefined ? '' : `, leaves ${on(after.retires)}`;
      // The line above has told when.
      const until = starts.includes(after.deactivates) ? 'then' : on(after.deactivates);
      return `${verb}${from} until ${until}${leaves}`;
    }
    case 'retiring': {
      const what = events.includes('destroyed') ? 'its private half is destroyed' : `no longer ${verb}`;
      return after.retires === undefined ? what : `${what}, leaves ${on(after.retires)}`;
    }
    case 'retired':
      if (events.includes('cancelled'))
        return `dropped before it ${after.use === 'enc' ? 'was used' : 'signed'}`;
      if (events.includes('deleted')) return 'deleted; its name stays taken';
      return `destroyed; it left ${on(after.retires ?? now)}`;
    case 'revoked':
      return `revoked (${after.revoked?.reason ?? ''}), out of the set from now`;
  }
}

/** The kids of the keys to which one of these happened. */
export function kidsWith(sets: readonly Changed[], events: readonly string[]): string[] {
  return sets.flatMap(({ steps, keys }) => {
    const made = new Set(keys.filter((key) => !('isNew' in key)).map(({ kid }) => kid));
    return steps.filter(({ event, kid }) => events.includes(event) && made.has(kid)).map(({ kid }) => kid);
  });
}
