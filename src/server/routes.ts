// Paths as they arrive: percent-encoded segments, each of them one name.
import { type Answer, errorAnswer } from './answer.ts';

const longest = 8_192;

/** The segments of a request target, decoded one by one: an encoded slash is part of a name. Or why there are none. */
export function segmentsOf(target: string | undefined): readonly string[] | Answer {
  if (target === undefined || target.length > longest) return errorAnswer(414, 'the path is too long');
  // RFC 9112 section 3.2.2: the absolute form is accepted too.
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  if (!path.startsWith('/')) return errorAnswer(400, 'the path does not begin with a slash');
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return errorAnswer(400, 'the path has a percent sign without two hexadecimal digits of UTF-8 behind it');
  }
}
