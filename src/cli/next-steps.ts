// What a change costs, and what a person does next.
import { commandLine } from '../errors.ts';
import { stateOf } from '../lifecycle/key.ts';
import { factsInForce, leadOf } from '../lifecycle/policy.ts';
import { describeDuration } from '../lifecycle/time.ts';
import type { Changed } from '../operations/change-set.ts';
import { type Touched, touchedKeys } from './changes.ts';
import { describeInstant } from './describe-time.ts';
import type { Session } from './session.ts';
import { escapeText } from './terminal-text.ts';

/** `undo`: a person has asked for it, and may want it back. */
export async function sayNextSteps(
  session: Session,
  changed: Changed,
  how: { readonly undo?: boolean } = {},
): Promise<void> {
  const { printer } = session;
  const name = escapeText(changed.set);
  const touched = touchedKeys(changed);
  for (const cost of costsOf(changed, touched)) await printer.say(cost);
  if (changed.outcome === 'planned') return printer.say(`that would be done with ${name}; nothing was`);
  for (const role of abandonedRoles(changed)) {
    await printer.say(`nothing ${role} for ${name} now: jwks create makes a key`, { always: true });
  }
  if (
    touched.some(({ events }) => events.includes('cancelled')) &&
    changed.policy?.facts.rotateEvery !== undefined
  ) {
    await printer.say('rotate --due publishes another as soon as the policy wants one');
  }
  const line = (verb: string, options = '') =>
    commandLine(verb, changed.set, `${session.keystoreOption()}${options}`);
  const lines = linesOf(changed, touched, line);
  if (lines.length > 0) await printer.suggest('next', lines);
  const successor = touched.find(
    ({ after, before }) => before === undefined && stateOf(after, changed.at) === 'next',
  );
  if (successor === undefined || how.undo !== true) return;
  const { activates } = successor.after;
  const until =
    activates === undefined
      ? 'it signs'
      : describeInstant(activates, changed.at, session.host.stderr.isTerminal);
  await printer.suggest('undo', [[line('rotate', ' --cancel'), `until ${until}`]]);
}

/** What signing at once costs: less the longer the key has been published. */
function costsOf({ policy, at }: Changed, touched: readonly Touched[]): string[] {
  const activated = touched.filter(({ events }) => events.includes('activated'));
  return (['sig', 'enc'] as const).flatMap((use) => {
    const spans = activated
      .filter(({ after }) => after.use === use)
      .map(({ after, before }) => leadOf(factsInForce(policy, at), after) - (at - (before?.created ?? at)));
    const longest = Math.max(0, ...spans);
    if (longest === 0) return [];
    const upTo = `for up to ${describeDuration(longest)}`;
    return use === 'sig'
      ? [`verifiers that have not fetched the set again may refuse its tokens ${upTo}`]
      : [`hosts that have not loaded the private set again cannot open what is encrypted to it ${upTo}`];
  });
}

/** What nobody does any more: `signs ES256`. */
export function abandonedRoles(changed: Changed): string[] {
  const { keys, at } = changed;
  const touched = touchedKeys(changed);
  const works = (key: Touched['after'], time = at) => key.held && stateOf(key, time) === 'active';
  const lost = touched.filter(({ before, after }) => before !== undefined && works(before) && !works(after));
  const alone = lost.filter(
    ({ after }) => !keys.some((key) => key.alg === after.alg && key.use === after.use && works(key)),
  );
  return [...new Set(alone.map(({ after }) => `${after.use === 'enc' ? 'decrypts' : 'signs'} ${after.alg}`))];
}

function linesOf(
  { at }: Changed,
  touched: readonly Touched[],
  line: (verb: string, options?: string) => string,
): [string, string][] {
  const isPrivate = touched.some(({ after }) => after.symmetric || after.use === 'enc');
  const isPublic = touched.some(({ after }) => !after.symmetric);
  const dates = touched.flatMap(({ after }) => [after.activates, after.deactivates, after.retires]);
  const isDated = dates.some((date) => date !== undefined && date > at);
  const lines: [string, string][] = [];
  if (isPublic)
    lines.push([
      line('export', ' -o FILE'),
      isDated ? 'publish it now, and again on these dates' : 'publish it',
    ]);
  if (isPrivate) lines.push([line('export', ' --private -o FILE'), 'hand it to those that use it']);
  return lines;
}
