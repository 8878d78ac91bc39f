// Restores that make a document anew, stopped at system calls: run again, they finish. And what follows from what.
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Backup } from '../../src/keystore/backup.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import type { Manifest, ManifestKey } from '../../src/keystore/manifest.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { applyRestore } from '../../src/operations/apply-restore.ts';
import { follows } from '../../src/operations/decide-restore.ts';
import { makeBackup } from '../../src/operations/make-backup.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { readBackup } from '../../src/operations/open-backup.ts';
import { planRestore } from '../../src/operations/plan-restore.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { endingOf } from '../support/endings.ts';
import { ofExtent } from '../support/extent.ts';
import { dyingAt, recordingFileSystem } from '../support/faulty-file-system.ts';
import { accessIn, addKey, auth, makeKeystoreIn, noon, secretOf } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const pay = parseSetId('pay');

interface Own {
  readonly home: string;
  readonly backup: Backup;
  readonly access: (home: string, fs?: FileSystem) => ReturnType<typeof accessIn>;
}

/** Two sets of two revisions in a directory, and the backup that they were restored from. */
async function restored(): Promise<Own> {
  const made = await makeKeystoreIn(new MemoryStorage());
  const keystore = await made.open();
  for (const set of [auth, pay, auth, pay]) await addKey(keystore, set);
  const { bytes } = await makeBackup(keystore.reader, noon, undefined);
  const backup = await readBackup(bytes, 'b.json', async () => undefined);
  const home = temporaryDirectory();
  const access = (at: string, fs: FileSystem = realFileSystem) =>
    accessIn(at, { fs, findSecret: secretOf(made.text) });
  await restore({ home, backup, access }, home);
  return { home, backup, access };
}

async function restore({ backup, access }: Own, home: string, fs?: FileSystem): Promise<string> {
  const own = { ...access(home, fs), acceptRollback: true };
  const plan = await planRestore(own, { backup, source: 'b.json', sets: [], force: true });
  const steps = await applyRestore(own, plan);
  return steps.map(({ set, action }) => `${set} ${action}`).join(', ');
}

const share = (home: string, path: string) => join(home, 'share/jwks', path);
/** `JWKS_FAULTS=all` tries each system call; else some of them, with the last. */
const stride = ofExtent({ few: 17, more: 7, all: 1 });

const damages: readonly [string, (own: Own, home: string) => Promise<void> | void, RegExp][] = [
  [
    'a master document that was lost',
    (_, home) => rmSync(share(home, 'master'), { recursive: true }),
    /^auth kept, pay kept$/,
  ],
  [
    'a master document that is damaged',
    (_, home) => writeFileSync(share(home, 'master/1.json'), '{}'),
    /^auth kept, pay kept$/,
  ],
  [
    'a set that is damaged',
    (_, home) => writeFileSync(share(home, 'sets/auth/2.json'), '{}'),
    /^auth resealed, pay kept$/,
  ],
  [
    'a set that was lost after a rekey',
    async ({ access }, home) => {
      await rekey(await openKeystore(access(home), undefined), { secrets: [], drop: [], newIdentity: false });
      rmSync(share(home, 'sets/auth'), { recursive: true });
    },
    /^auth resealed, pay kept$/,
  ],
];

describe('a restore that is stopped, of', () => {
  test.each(damages)(
    '%s',
    async (_, damage, expected) => {
      const own = await restored();
      await damage(own, own.home);
      const kept = temporaryDirectory();
      cpSync(own.home, kept, { recursive: true });
      // At the same place each time, of which the host remembers what it has seen.
      const prepared = () => {
        rmSync(own.home, { recursive: true });
        cpSync(kept, own.home, { recursive: true });
        return own.home;
      };
      const { fs, calls } = recordingFileSystem();
      expect(await restore(own, prepared(), fs)).toMatch(expected);
      for (let index = calls.length; index > 0; index -= stride) {
        const home = prepared();
        const ended = await endingOf(restore(own, home, dyingAt(index)));
        expect([index, await restore(own, home)]).toEqual([
          index,
          expect.stringMatching(/^auth (kept|resealed)/),
        ]);
        const keystore = await openKeystore({ ...own.access(home), acceptRollback: false }, undefined);
        for (const set of [auth, pay])
          expect([index, ended, (await keystore.openSet(set))?.privateKeys.length]).toEqual([
            index,
            ended,
            2,
          ]);
        await addKey(keystore);
      }
    },
    120_000,
  );
});

test('a date that was moved later is no fork, whatever the time is now', () => {
  const at = (seconds: number) => (noon + seconds) as Instant;
  const key = { kid: 'k', thumbprint: 't', held: true, created: noon, activates: noon } as ManifestKey;
  const ending = (seconds: number): ManifestKey => ({ ...key, deactivates: at(5), retires: at(seconds) });
  const state = (revision: number, updated: number, keys: readonly ManifestKey[]): Manifest => ({
    ...{ set: auth, revision, master: 1, updated: at(updated), keys, events: [] },
  });
  const early = state(2, 10, [ending(100)]);
  expect(follows(state(5, 50, [ending(1_000)]), early, 'x')).toBe(true);
  // It was over when the later state was made, and is not over in it.
  expect(follows(state(5, 500, [ending(1_000)]), early, 'x')).toBe(false);
});
