// Words as a shell hands them over for completion, and as it takes them back.
import type { Candidate } from './candidates.ts';

export interface Typed {
  /** Left of the cursor, without the name of the program and the word that is being typed. */
  readonly before: readonly string[];
  readonly current: string;
  /** The quote that the word at the cursor is open in. */
  readonly quote: string;
}

/** bash hands words over as they were typed; the others take the quotes away. */
export function readTyped(shell: string, words: readonly string[]): Typed {
  const read = words.map((word) => (shell === 'bash' ? unquote(word) : { text: word, quote: '' }));
  const { text = '', quote = '' } = read.at(-1) ?? {};
  return { before: read.slice(0, -1).map((word) => word.text), current: text, quote };
}

/** bash wants words that it can put into the line as they are; the others quote by themselves. */
export function writeCandidate(shell: string, { text, about }: Candidate, quote: string): string {
  return shell === 'bash' ? quoteFor(text, quote) : `${text}\t${about}`;
}

function unquote(word: string): { readonly text: string; readonly quote: string } {
  let text = '';
  let quote = '';
  const characters = [...word];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    const next = characters[at + 1];
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    else if (character === '\\' && quote !== "'" && next !== undefined && escapes(next, quote)) {
      text += next;
      at++;
    } else text += character;
  }
  return { text, quote };
}

/** Between double quotes a backslash stands for itself before most characters. */
function escapes(character: string, quote: string): boolean {
  return quote === '' || /["$`\\]/.test(character);
}

function quoteFor(text: string, quote: string): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  if (quote === '"') return text.replace(/["$`\\]/g, '\\$&');
  return text.replace(/[\s!"#$&'()*;<>?[\\\]^`{|}~]/g, '\\$&');
}
