// Makes the samples of test/fixtures/keystores that are missing, each by the commit that it names: a new one is added to
// scripts/compat/samples.js, and what is there is never made again.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Build } from './compat/build.js';
import { makeNewerSamples } from './compat/newer-samples.js';
import { makeSample, samples } from './compat/samples.js';
import { project, Worktree } from './compat/worktree.js';

const fixtures = join(project, 'test/fixtures/keystores');
const lab = mkdtempSync(join(tmpdir(), 'jwks-samples-'));
const worktree = new Worktree(join(lab, 'worktree'));
try {
  for (const sample of samples) {
    const directory = join(fixtures, sample.name);
    if (existsSync(directory)) continue;
    const reason = worktree.build(sample.commit);
    if (reason !== undefined) throw new Error(`${sample.commit}: ${reason}`);
    const home = join(lab, sample.name, 'home');
    mkdirSync(home, { recursive: true });
    await makeSample(new Build(worktree.path, home), sample, directory);
    console.log(`${sample.name} by ${sample.commit}`);
  }
  if (!existsSync(join(fixtures, 'newer-set'))) await makeNewerSamples(fixtures, 'state-by-lines');
} finally {
  worktree.remove();
  rmSync(lab, { recursive: true, force: true });
}
