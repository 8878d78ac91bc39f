// All that is made from the declarations of the commands. The command itself never loads this.
import { loadProgram } from '../program.ts';
import { type ManPage, toManPages } from './man-page.ts';
import { toMarkdown } from './markdown.ts';
import { type Page, toPage } from './page.ts';

export async function readProgram(): Promise<Page> {
  return toPage(await loadProgram([], '', async () => {}));
}

export async function generate(
  version: string,
): Promise<{ readonly markdown: string; readonly manPages: ManPage[] }> {
  const program = await readProgram();
  return { markdown: toMarkdown(program), manPages: toManPages(program, version) };
}
