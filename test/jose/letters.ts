// The letters of base64url, to change one for another.
export const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The text with one letter changed: the place counts round, and the letter is never the one that was there. */
export function changeLetter(text: string, place: number, by: number): string {
  const index = place % text.length;
  const old = alphabet.indexOf(text.charAt(index));
  const letter = alphabet.charAt((old + 1 + (by % (alphabet.length - 1))) % alphabet.length);
  return text.slice(0, index) + letter + text.slice(index + 1);
}
