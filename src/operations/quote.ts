// Other people's text in a message.

/** In quotation marks, and cut where it is longer than a line has room for. Not escaped yet. */
export function quote(text: string): string {
  return quoteUpTo(100, text);
}

/** As `quote`, with so many characters at the most. */
export function quoteUpTo(longest: number, text: string): string {
  return text.length <= longest ? `"${text}"` : `"${text.slice(0, longest)}…"`;
}
