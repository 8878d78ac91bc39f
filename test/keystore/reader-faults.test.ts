// What a reader refuses is put back in the same way wherever the keystore is.
import { expect, test } from 'vitest';
import { foreign, noKeystore, sealedElsewhere } from '../../src/keystore/reader-faults.ts';
import { documentOf, parseSetId } from '../../src/keystore/set-id.ts';

test('what belongs elsewhere: the hint can be pasted, and speaks of no file of the keystore', () => {
  for (const name of ['auth', 'a/b c']) {
    const set = parseSetId(name);
    for (const { hint } of [foreign(documentOf(set), 'x'), sealedElsewhere(set)]) {
      expect(hint).toContain(`jwks restore FILE ${name === 'auth' ? name : `'${name}'`} --force`);
      expect(hint).not.toContain('the file');
    }
  }
});

test('one that is not there is made as the role that was named', () => {
  const { message, hint } = noKeystore('postgres://ann@/a?host=/run/p&port=1');
  expect(message).toBe('there is no keystore at postgres://ann@/a?host=/run/p&port=1');
  expect(hint).toBe("jwks init --keystore 'postgres://ann@/a?host=/run/p&port=1'");
});
