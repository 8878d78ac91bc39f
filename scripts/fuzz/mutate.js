// Changes files of keys at random, as somebody hostile or a broken program would.

const words = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '=',
    '.',
    '\n',
    '\r\n',
    '\0',
    '-----',
    '\ufeff',
    '0',
    '-1',
    '1e9',
    'null',
  ],
  ...[
    '"kty":"EC",',
    '"d":"AA",',
    '"keys":[',
    '"__proto__":{',
    '"oth":[],',
    '"alg":"none",',
    '"p2c":99999999,',
  ],
  ...[
    '"use":"enc",',
    '"crv":"P-384",',
    '"key_ops":["sign"],',
    '"x5c":[""],',
    '-----BEGIN EC PARAMETERS-----',
  ],
].map((word) => Buffer.from(word));

/** One to four changes, by a generator of numbers from 0 to 1. */
export function mutate(bytes, corpus, random) {
  const below = (limit) => Math.floor(random() * limit);
  for (let count = 1 + below(4); count > 0; count--) {
    const [at, span] = [below(bytes.length + 1), 1 + below(1 + below(64))];
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + span))];
    const other = pick(corpus, random);
    const from = below(other.length + 1);
    const choices = [
      () => Buffer.concat([before, Buffer.from([below(256)]), bytes.subarray(at + 1)]),
      () => Buffer.concat([before, after]),
      () => Buffer.concat([before, pick(words, random), bytes.subarray(at)]),
      () => Buffer.concat([before, bytes.subarray(at, at + span), bytes.subarray(at)]),
      () => before,
      () => Buffer.concat([before, other.subarray(from, from + span), after]),
      () => Buffer.concat([before, other.subarray(from)]),
      () => Buffer.concat([bytes, other]),
      () => mutateJson(bytes, below, random) ?? bytes,
      () => mutateJson(bytes, below, random) ?? bytes,
    ];
    bytes = pick(choices, random)();
  }
  return bytes;
}

const others = ['', 0, null, [], {}, [{}], 'AQAB', 'RS256', 'ES256', 'P-256', 'EC', 'RSA'];

/** One member of one object takes another value, or another name. */
function mutateJson(bytes, below, random) {
  let value;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  const keys = Array.isArray(value?.keys) ? value.keys : Array.isArray(value) ? value : [value];
  const key = keys[below(keys.length)];
  if (typeof key !== 'object' || key === null) return undefined;
  const names = Object.keys(key);
  const [name, other] = [
    pick(names, random),
    pick([...names, 'd', 'p', 'x5c', 'alg', 'key_ops', 'oth'], random),
  ];
  const text = String(key[name]);
  const flip = (byte, index, all) => (index === all.length - 1 ? byte ^ 1 : byte);
  const decoded = Buffer.from(text, 'base64url');
  const values = [
    () => key[other],
    () => decoded.subarray(1).toString('base64url'),
    () => Buffer.concat([Buffer.alloc(1 + below(3)), decoded]).toString('base64url'),
    () => decoded.map(flip).toString('base64url'),
    () => decoded.toString('base64'),
    () => pick([...others, 'A'.repeat(below(100_000))], random),
    () => undefined,
  ];
  key[random() < 0.7 ? name : other] = pick(values, random)();
  return Buffer.from(JSON.stringify(value));
}

export function pick(list, random) {
  return list[Math.floor(random() * list.length)];
}

/** A small generator, so that a seed tells the whole run (but for the keys, which are new each time). */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
