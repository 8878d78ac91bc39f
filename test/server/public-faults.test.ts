// Anybody who asks hears that the keystore cannot be read, and not where it is.
import { expect, test } from 'vitest';
import { type ErrorCode, JwksError } from '../../src/errors.ts';
import { describePublicly } from '../../src/server/public-faults.ts';

const secret = 'the keystore postgres://postgres@localhost:5999/auth cannot be read: /var/lib/jwks';
const fault = (code: ErrorCode, set?: string) => ({
  set,
  error: new JwksError(code, secret, { hint: secret }),
});

test.each<[ErrorCode, string | undefined, string]>([
  ['failed', undefined, 'the keystore cannot be read'],
  ['internal', undefined, 'the keystore cannot be read'],
  ['not-found', undefined, 'the keystore is not there'],
  ['failed', 'auth', 'set "auth" cannot be read'],
  ['not-found', 'auth', 'set "auth" is not there'],
  ['damaged', 'auth', 'set "auth" is damaged'],
  ['rolled-back', 'auth', 'set "auth" went back to an older state'],
])('%s of %s', (code, set, words) => {
  expect(describePublicly([fault(code, set)], [])).toEqual([words]);
});

test('kids that two sets have are named, as the sets publish them', () => {
  expect(describePublicly([], ['one'])).toEqual([expect.stringContaining('"one"')]);
});
