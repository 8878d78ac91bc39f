// A keystore in git that two hosts have changed: a host that has seen one branch refuses the other.
import { describe, expect, test } from 'vitest';
import { GitKeystore, hasGit } from './git-keystore.ts';

const list = 'jwks list';

/** Two clones that have seen the same keystore and then each made changes; the first was pushed. */
async function forked({ theirChanges = 1 } = {}) {
  const keystore = await GitKeystore.make();
  const [theirs, ours] = [await keystore.clone('theirs'), await keystore.clone('ours')];
  for (const clone of [theirs, ours]) await clone.do(list);
  await theirs.change(theirChanges);
  await theirs.do('git push --quiet origin main');
  await ours.change();
  expect((await ours.run('git push --quiet origin main')).status).not.toBe(0);
  return { theirs, ours };
}

describe.skipIf(!hasGit)('a keystore in git (skipped without git)', () => {
  test('what follows is taken', async () => {
    const keystore = await GitKeystore.make();
    const [theirs, ours] = [await keystore.clone('theirs'), await keystore.clone('ours')];
    await ours.do(list);
    await theirs.change(3);
    await theirs.do('git push --quiet origin main');
    expect(await ours.do('git pull --quiet && jwks list')).toContain('auth');
  });

  test.each([
    ['the same revision', 1, 'its history was forked or it was changed'],
    ['the revision after it', 2, 'does not follow'],
  ])('a merge that takes theirs, which is %s: exit 6', async (_, theirChanges, words) => {
    const { ours } = await forked({ theirChanges });
    const merge = await ours.run('git pull --quiet --no-rebase');
    expect(merge.status).not.toBe(0);
    await ours.do(
      'git checkout --quiet --theirs keys && git add --all && git commit --quiet --message merge',
    );
    for (const command of [list, 'jwks export --all', 'jwks rotate --due']) {
      const ran = await ours.run(command);
      expect(ran).toMatchObject({ status: 6, stdout: '' });
      expect(ran.stderr).toContain(words);
    }
  });

  test('a merge that takes ours: exit 6 where theirs was seen', async () => {
    const { theirs, ours } = await forked();
    await ours.run('git pull --quiet --no-rebase');
    await ours.do('git checkout --quiet --ours keys && git add --all && git commit --quiet --message merge');
    await ours.do('jwks list && git push --quiet origin main');
    expect(await theirs.run(`git pull --quiet && ${list}`)).toMatchObject({ status: 6, stdout: '' });
  });

  test('a merge without a conflict to settle, -X ours, is refused as well', async () => {
    const { ours } = await forked({ theirChanges: 2 });
    await ours.do('git pull --quiet --no-rebase --no-edit -X ours');
    expect(await ours.run(list)).toMatchObject({ status: 6, stdout: '' });
  });

  test('a branch that was reset to what it was: exit 6', async () => {
    const { theirs } = await forked();
    await theirs.do('git reset --quiet --hard HEAD~1');
    const ran = await theirs.run(list);
    expect(ran).toMatchObject({ status: 6, stdout: '' });
    expect(ran.stderr).toContain('went back');
  });

  test('the way out: what was never pushed is given up, and done again', async () => {
    const { ours } = await forked();
    await ours.do('git fetch --quiet && git reset --quiet --hard origin/main');
    expect((await ours.run(list)).status).toBe(6);
    await ours.do(`${list} --accept-rollback && ${list}`);
    await ours.change();
    await ours.do('git push --quiet origin main');
  });

  test('what README.md says gets through: theirs is two ahead', async () => {
    const { ours } = await forked({ theirChanges: 3 });
    await ours.run('git pull --quiet --no-rebase');
    await ours.do(
      'git checkout --quiet --theirs keys && git add --all && git commit --quiet --message merge',
    );
    expect((await ours.run(list)).status).toBe(0);
  });
});
