// What was seen of a published set at one path, and what of an answer there cannot be right.
import { createHash } from 'node:crypto';

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

export class Page {
  /** Each body once, in the order in which it came. */
  bodies = new Map();
  newest = -1;
  etag;
  #bounds;

  /** `bounds`: how many keys there can be at the moment, `[fewest, most]`. */
  constructor(path, bounds) {
    this.path = path;
    this.#bounds = bounds;
  }

  /** `wanted`: the etag that was asked with. `before`: what was the newest body when it was. */
  faultOf({ status, headers, body }, wanted, before) {
    if (status === 304) {
      if (wanted === undefined || headers.etag !== wanted)
        return `304 for ${wanted} has the etag ${headers.etag}`;
      return body.length === 0 ? undefined : '304 has a body';
    }
    if (status !== 200) return `status ${status}`;
    if (headers['content-length'] !== `${body.length}`)
      return `content-length ${headers['content-length']} of ${body.length} bytes`;
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    if (headers.etag !== etag) return `the etag ${headers.etag} of a body of ${etag}`;
    const text = body.toString();
    const fault = faultIn(text, this.#bounds());
    if (fault !== undefined) return fault;
    const seen = this.bodies.get(text);
    if (seen === undefined) {
      this.bodies.set(text, { index: ++this.newest, at: performance.now() });
      this.etag = etag;
      return undefined;
    }
    // A later one had been answered before this was asked for.
    return seen.index < before ? 'what was published went back to an earlier state' : undefined;
  }
}

function faultIn(text, [fewest, most]) {
  let keys;
  try {
    ({ keys } = JSON.parse(text));
  } catch {
    return 'the body is no JSON';
  }
  if (!Array.isArray(keys)) return 'the body is no JWKS';
  for (const key of keys) {
    const member = privateMembers.find((name) => name in key);
    if (member !== undefined) return `the key ${key.kid} has the private member ${member}`;
    if (key.kty !== 'EC' || typeof key.kid !== 'string') return 'a key is none of ours';
  }
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) return 'a kid is there twice';
  if (keys.length < fewest || keys.length > most)
    return `${keys.length} keys, where ${fewest} to ${most} can be`;
  return undefined;
}
