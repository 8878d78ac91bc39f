// What a product reads of the keys of a set, as it reads it.
import { JwksError } from '../errors.ts';
import { holdsPrivateMember } from '../jose/jwk.ts';
import type { Instant } from '../lifecycle/time.ts';
import { refuseEmpty } from './export-jwks.ts';
import type { Doors } from './key-places.ts';
import {
  type Product,
  type ProductExport,
  type ProductFile,
  verifyingKeys,
} from './product-exports/product.ts';
import { type ExportedProduct, exportedProducts } from './product-exports/products.ts';
import { type ProductRequest, readPrivateInput, readPublicInput } from './product-exports/read-input.ts';

export interface ExportForRequest extends ProductRequest {
  readonly product: ExportedProduct;
  readonly isPrivate: boolean;
}

export function productNamed(name: ExportedProduct): Product {
  return exportedProducts[name];
}

/** What contradicts itself, before anything is read. Nothing private is written unless that is said. */
export function refuseProductRequest({ product: name, isPrivate, issuer }: ExportForRequest): void {
  const { halves, needsIssuer = false } = productNamed(name);
  if (halves === 'private' && !isPrivate) {
    throw new JwksError('usage', `${name} signs: what it reads holds private keys`, {
      hint: 'add --private',
    });
  }
  if (halves === 'public' && isPrivate)
    throw new JwksError('usage', `${name} reads public keys only: leave out --private`);
  if (needsIssuer && issuer === undefined) {
    throw new JwksError('usage', `${name} wants to know whose keys these are`, {
      hint: 'name the issuer with --issuer URL',
    });
  }
  if (!needsIssuer && issuer !== undefined) throw new JwksError('usage', `${name} does not take --issuer`);
}

/** No signer is exit 3, several where the product takes one exit 5, a key that the product cannot use exit 6. */
export async function exportForProduct(
  doors: Doors,
  clock: Instant,
  request: ExportForRequest,
): Promise<ProductExport> {
  refuseProductRequest(request);
  const { product: name, isPrivate } = request;
  const product = productNamed(name);
  const input = isPrivate
    ? await readPrivateInput(await doors.unlock(), clock, request)
    : await readPublicInput(await doors.read(), clock, request);
  const hasSecrets = input.held.some(({ key }) => key.symmetric && key.use === 'sig');
  if (product.halves === 'shared' && hasSecrets && !isPrivate) {
    throw new JwksError('usage', `${name} verifies with symmetric keys too, and such a key is there`, {
      hint: 'add --private',
    });
  }
  const isEnough = hasSecrets && product.takesSymmetric === true;
  if (verifyingKeys(input).length === 0 && !isEnough) refuseEmpty(request);
  const made = product.write(input);
  if (made.files.some((file) => (!isPrivate || !file.isPrivate) && holdsPrivate(file)))
    throw new JwksError('internal', 'a private key was about to be written as a public one');
  return made;
}

function holdsPrivate({ content }: ProductFile): boolean {
  return content.as === 'text' ? content.text.includes('PRIVATE KEY') : holdsPrivateMember(content.value);
}
