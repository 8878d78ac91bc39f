// What must be true of a keystore wherever an operation that writes was stopped: old or new, and nothing lost.
import { expect } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { parseSetId, setNameOf } from '../../src/keystore/set-id.ts';
import { stateOf } from '../../src/lifecycle/key.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { type Access, openKeystore } from '../../src/operations/open.ts';
import { accessAt, clock, type Deed, later, otherText } from './deeds.ts';
import { auth } from './keystore.ts';

/** Each document in words in which a kid that was made at random is the same as another. */
export interface State {
  readonly documents: Readonly<Record<string, string>>;
  readonly held: readonly string[];
}

const known = /^(?:a\d|due-.*|still-.*|in)$/;
const named = (kid: string | undefined) => (kid !== undefined && known.test(kid) ? kid : 'new');

/** Also where its secret was changed meanwhile. */
async function openAny(access: Access): Promise<Keystore> {
  try {
    return await openKeystore(access, undefined);
  } catch (error) {
    if (!(error instanceof JwksError && error.code === 'secret')) throw error;
    return openKeystore({ ...access, ...accessAt(later, otherText) }, undefined);
  }
}

export async function readState(access: Access): Promise<State> {
  const keystore = await openAny(access);
  const { master, storage } = keystore.reader;
  const documents: Record<string, string> = {
    master: JSON.stringify({
      revision: master.revision,
      slots: master.slots.map(({ label }) => label),
      keys: keystore.slot.unlocked.masterKeys.length,
      identities: master.identities.length,
    }),
  };
  const held: string[] = [];
  for (const name of (await storage.list()).sort()) {
    const set = parseSetId(setNameOf(name));
    const opened = await keystore.openSet(set);
    if (opened === undefined) continue;
    const { manifest, privateKeys } = opened;
    held.push(...privateKeys.map(({ kid }) => kid ?? ''));
    documents[name] = JSON.stringify({
      revision: manifest.revision,
      deleted: manifest.deleted,
      policy: manifest.policy,
      keys: manifest.keys.map((key) => [
        named(key.kid),
        stateOf(key, later),
        key.held,
        key.jwk !== undefined,
      ]),
      held: privateKeys.map(({ kid }) => named(kid)),
      events: manifest.events.map(({ event, kid }) => [event, named(kid)]),
    });
  }
  return { documents, held };
}

/** `done`, or what it ended with. */
export async function reportOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error;
  }
}

export function attempt(access: Access, deed: Pick<Deed, 'run'>): Promise<unknown> {
  return reportOf(carryOut(access, deed));
}

async function carryOut(access: Access, { run }: Pick<Deed, 'run'>): Promise<void> {
  const keystore = await openKeystore(access, undefined);
  await run(keystore, access);
  keystore.reader.remember(true);
}

export function expectOldOrNew(
  found: State,
  before: State,
  after: State,
  { mayLose = [], inSteps = false }: Deed,
  report: unknown,
  place: string,
): void {
  const isDone = report === 'done';
  if (isDone) expect(found.documents, place).toEqual(after.documents);
  else if (!inSteps) {
    const isNew = JSON.stringify(found.documents) === JSON.stringify(after.documents);
    if (!isNew) expect(found.documents, place).toEqual(before.documents);
    // What is said to have failed was not done; of what was not confirmed it is not known.
    if (report instanceof JwksError && report.code !== 'unconfirmed')
      expect(found.documents, `${place}: ${report.code} ${report.message}`).toEqual(before.documents);
  } else {
    for (const [document, state] of Object.entries(found.documents)) {
      if (document === 'master') continue;
      expect([before.documents[document], after.documents[document]], place).toContain(state);
    }
  }
  const lost = before.held.filter((kid) => !found.held.includes(kid));
  expect(mayLose, place).toEqual(expect.arrayContaining(lost));
}

/** What was interrupted can be done again or ended, and the next change goes through. */
export async function expectGoesOn(
  access: Access,
  deed: Deed,
  before: State,
  found: State,
  place: string,
): Promise<void> {
  if (deed.inSteps === true) {
    const again = await attempt(access, deed);
    if (!(again instanceof JwksError && ['not-found', 'secret'].includes(again.code)))
      expect(again, place).toBe('done');
    const ended = await readState(access);
    expect(ended.held, place).toEqual(expect.arrayContaining([...before.held]));
    expect(ended.documents['master'], place).toContain('"keys":1,"identities":1');
  }
  await createKey(await openAny(access), clock, { set: auth, kid: 'next', alg: 'ES256' });
  const { held } = await readState(access);
  expect(held, place).toEqual(
    expect.arrayContaining(['next', ...found.held.filter((kid) => known.test(kid))]),
  );
}
