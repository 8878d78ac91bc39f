// When the server looks at the keystore: at once when it is called, after each call, and not all of the time.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import type { StoredDocument } from '../../src/keystore/storage.ts';
import { Follower } from '../../src/operations/follow-sets.ts';
import { follow } from '../../src/server/follow.ts';
import { Log } from '../../src/server/log.ts';
import { Bell } from '../../src/server/waiting.ts';
import { addKey, auth, makeKeystoreIn, noon } from '../support/keystore.ts';

const hour = 3_600_000;

/** In memory, with looks that are counted, and last as long as the test says. */
class CallingStorage extends MemoryStorage {
  looks = 0;
  duringLook: () => Promise<unknown> = async () => {};
  onChange: (() => void) | undefined;

  watch(onChange: () => void): () => void {
    this.onChange = onChange;
    return () => {
      this.onChange = undefined;
    };
  }

  override async read(name: DocumentName): Promise<StoredDocument | undefined> {
    const document = await super.read(name);
    // The last thing that a look reads.
    if (name !== 'master') {
      this.looks += 1;
      await this.duringLook();
    }
    return document;
  }
}

async function following(lookEvery: number) {
  const storage = new CallingStorage();
  const made = await makeKeystoreIn(storage);
  const writer = await made.open();
  await addKey(writer);
  const follower = await Follower.start((await made.open()).reader, [auth]);
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const log = new Log({
    write: async () => {},
    form: 'json',
    isQuiet: false,
    now: () => noon,
    escape: (text) => text,
  });
  const messages: string[] = [];
  log.say = (_, message) => messages.push(message);
  const describe = () => follower.faults.map(({ error }) => error.message);
  const options = { follower, log, tls: undefined, lookEvery };
  const done = follow(options, describe, [], end.signal);
  storage.looks = 0;
  const revision = () => follower.manifests[0]?.revision;
  return { storage, writer, messages, revision, done, stop: () => end.abort() };
}

test('it looks at once when it is called, and else not before it is time', async () => {
  const { storage, writer, messages, revision } = await following(hour);
  await addKey(writer);
  await pause(50);
  expect(revision()).toBe(1);
  storage.onChange?.();
  await vi.waitFor(() => expect(revision()).toBe(2));
  expect(messages).toEqual(['the keystore has changed']);
});

test('it looks also without a call', async () => {
  const { writer, revision } = await following(20);
  await addKey(writer);
  await vi.waitFor(() => expect(revision()).toBe(2));
});

test('a call during a look leads to another one', async () => {
  const { storage, writer, revision } = await following(hour);
  let release = () => {};
  storage.duringLook = () =>
    new Promise<void>((resolve) => {
      release = resolve;
    });
  storage.onChange?.();
  await vi.waitFor(() => expect(storage.looks).toBe(1));
  storage.duringLook = async () => {};
  await addKey(writer);
  storage.onChange?.();
  release();
  await vi.waitFor(() => expect(revision()).toBe(2));
  const { looks } = storage;
  await pause(50);
  expect(storage.looks).toBe(looks);
});

test('however often it is called, half of the time it does something else', async () => {
  const { storage } = await following(hour);
  storage.duringLook = () => pause(50);
  const calling = setInterval(() => storage.onChange?.(), 1);
  onTestFinished(() => clearInterval(calling));
  await pause(1_000);
  expect(storage.looks).toBeGreaterThan(2);
  expect(storage.looks).toBeLessThanOrEqual(11);
});

test('a look that ended in a fault after a long wait is followed by the next one as soon as it is called', async () => {
  const { storage, messages } = await following(hour);
  storage.duringLook = async () => {
    await pause(1_000);
    throw new Error('unplugged');
  };
  storage.onChange?.();
  await vi.waitFor(() => expect(messages).toHaveLength(1), { timeout: 5_000 });
  storage.duringLook = async () => {};
  const began = performance.now();
  storage.onChange?.();
  await vi.waitFor(() => expect(messages.at(-1)).toBe('the keystore can be read again'), { interval: 5 });
  expect(performance.now() - began).toBeLessThan(800);
});

test('at the end nobody is called any more', async () => {
  const { storage, done, stop } = await following(hour);
  expect(storage.onChange).toBeDefined();
  stop();
  await done;
  expect(storage.onChange).toBeUndefined();
});

test('a bell that was rung before anybody waits is heard once', async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  bell.ring();
  bell.ring();
  expect(await bell.wait(hour, signal)).toBe(true);
  const second = bell.wait(hour, signal);
  expect(await Promise.race([second, pause(20, 'still waiting')])).toBe('still waiting');
  bell.ring();
  expect(await second).toBe(true);
  expect(await bell.wait(1, signal)).toBe(true);
  expect(await bell.wait(hour, AbortSignal.abort())).toBe(false);
});
