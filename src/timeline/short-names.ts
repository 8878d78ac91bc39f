// Names of keys for a narrow column: short, and still different from one another.
import stringWidth from 'fast-string-width';

const whole = 12;
const short = 8;

/**
 * A name as it is where it is short; a long one by its beginning, as people know a thumbprint, or, where another
 * begins like it, by both ends.
 */
export function shortNames(names: readonly string[], gap: string): Map<string, string> {
  const all = [...new Set(names)];
  const heads = new Map<string, number>();
  for (const name of all) heads.set(take(name, short), (heads.get(take(name, short)) ?? 0) + 1);
  const shorten = (name: string): string => {
    if (stringWidth(name) <= whole) return name;
    const head = take(name, short);
    return heads.get(head) === 1 ? head : `${take(name, 4)}${gap}${takeLast(name, whole - 4 - gap.length)}`;
  };
  return new Map(all.map((name) => [name, shorten(name)]));
}

/** A text that is no wider than `width`, with `gap` where it was cut. */
export function cutTo(text: string, width: number, gap: string): string {
  return stringWidth(text) <= width ? text : `${take(text, Math.max(0, width - gap.length))}${gap}`;
}

/** A text filled with blanks to a width in columns. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

function take(text: string, width: number): string {
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += stringWidth(character);
    if (used > width) break;
    kept += character;
  }
  return kept;
}

function takeLast(text: string, width: number): string {
  let kept = '';
  let used = 0;
  for (const character of [...text].reverse()) {
    used += stringWidth(character);
    if (used > width) break;
    kept = character + kept;
  }
  return kept;
}

/** As `cutTo`, with its end kept too. */
export function cutMiddle(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const half = Math.floor((width - 1) / 2);
  return `${take(text, width - 1 - half)}…${takeLast(text, half)}`;
}
