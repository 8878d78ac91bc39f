// Questions on a terminal; they go to stderr, since stdout carries the result.
import * as clack from '@clack/prompts';
import { JwksError } from '../errors.ts';

const streams = { input: process.stdin, output: process.stderr };

export async function askHidden(question: string): Promise<string> {
  const answer = await clack.password({ message: question, mask: '', ...streams });
  if (clack.isCancel(answer)) throw new JwksError('interrupted', 'interrupted; nothing was done');
  return answer;
}

export async function confirm(question: string): Promise<boolean> {
  const answer = await clack.confirm({ message: question, initialValue: false, ...streams });
  if (clack.isCancel(answer)) throw new JwksError('interrupted', 'interrupted; nothing was done');
  return answer;
}
