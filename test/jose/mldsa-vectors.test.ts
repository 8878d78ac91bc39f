// RFC 9964's signatures, on a Node that has ML-DSA.
import { compactVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { toPrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { hasCollections, listCollected, readCollected, withCollections } from '../support/vectors.ts';
import { canMakeMldsa, forJose, forNode } from './keys.ts';

const title = canMakeMldsa ? 'collected vectors' : 'collected vectors (skipped: this Node has no ML-DSA)';
describe.skipIf(!hasCollections || !canMakeMldsa)(withCollections(title), () => {
  test.each(listCollected('mldsa/', '.jose.json'))('%s', async (path) => {
    const { jwk, jws } = JSON.parse(readCollected(path));
    const { payload, protectedHeader } = await compactVerify(jws, await forJose(toPublicJwk(jwk), jwk.alg));
    expect(protectedHeader).toEqual({ alg: jwk.alg, kid: jwk.kid });
    expect(Buffer.from(payload).toString()).toMatch(/^It.s a dangerous business, Frodo/);
  });

  test.each(listCollected('mldsa/', '.private.jwk.json'))(
    '%s: the private half has that public one',
    (path) => {
      const jwk = JSON.parse(readCollected(path));
      const halves = [forNode(toPublicJwk(jwk)), toKeyObject(toPrivateJwk(jwk))];
      expect(halves.map((key) => key.export({ format: 'jwk' }))).toMatchObject([
        { pub: jwk.pub },
        { pub: jwk.pub },
      ]);
    },
  );
});
