import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { closedPort } from '../support/https-server.ts';
import { filesOf, runSteps, stepsOf } from '../support/shell-transcript.ts';

const docs = (process.env['DOCS'] ?? '').split(' ').filter(Boolean);
test.each(docs)(
  '%s',
  async (doc) => {
    const text = readFileSync(doc, 'utf8');
    const ports = new Map<string, string>();
    for (const [, p = ''] of text.matchAll(/(?:127\.0\.0\.1:|port[ =])(\d{4})\b/g))
      if (!ports.has(p)) ports.set(p, String(await closedPort()));
    const there = (t: string) => [...ports].reduce((s, [a, b]) => s.replaceAll(a, b), t);
    const back = (t: string) => [...ports].reduce((s, [a, b]) => s.replaceAll(b, a), t);
    const steps = stepsOf(doc);
    const printed = runSteps(
      steps.map((s) => ({ ...s, command: there(s.command) })),
      new Map([...filesOf(doc)].map(([n, t]) => [n, there(t)])),
    ).map(back);
    const out: string[] = [];
    let inside = false,
      step = 0;
    for (const line of text.split('\n')) {
      if (line.startsWith('```')) inside = line === '```console';
      if (inside && line.startsWith('$ ')) {
        out.push(line);
        const p = printed[step++] ?? '<<NOT RUN>>\n';
        if (p) out.push(p.replace(/\n$/, ''));
      } else if (inside && !line.startsWith('```')) continue;
      else out.push(line);
    }
    writeFileSync(doc, out.join('\n'));
  },
  120_000,
);
