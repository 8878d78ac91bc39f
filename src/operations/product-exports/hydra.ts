// Ory Hydra: the body of `PUT /admin/keys/{set}`.
import { onlySigner, type Product, verifyingKeys } from './product.ts';

/**
 * Hydra signs with the key that it stored last (it reads a set `ORDER BY created_at DESC` and takes the first private
 * key). So the order is turned round, and no private half but the signer's is there to be taken.
 */
export const hydra: Product = {
  halves: 'private',
  write(input) {
    const signer = onlySigner(input).privateJwk;
    const others = verifyingKeys(input).filter(({ kid }) => kid !== signer.kid);
    const keys = [signer, ...others].reverse();
    return { files: [{ isPrivate: true, content: { as: 'json', value: { keys } } }] };
  },
  place: (file, [set = 'SET']) =>
    `curl -X PUT -H 'Content-Type: application/json' --data-binary @${file} http://127.0.0.1:4445/admin/keys/${encodeURIComponent(set)}`,
};
