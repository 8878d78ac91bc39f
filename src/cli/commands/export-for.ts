// jwks export --for: what a product reads, and where it goes.
import { shellWord } from '../../errors.ts';
import {
  type ExportForRequest,
  exportForProduct,
  productNamed,
  refuseProductRequest,
} from '../../operations/export-for.ts';
import type { ProductFile } from '../../operations/product-exports/product.ts';
import { formatValue, toJson } from '../format.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

export async function exportFor(
  session: Session,
  request: ExportForRequest,
  isUnchecked: boolean,
): Promise<void> {
  refuseProductRequest(request);
  const { printer } = session;
  const { isPrivate, product: name, sets } = request;
  const { directory, place } = productNamed(name);
  await printer.prepare({ isPrivate, hasFormats: false, files: directory });
  const doors = {
    read: () => session.trustedReader(isUnchecked),
    unlock: () => session.keystore(),
  };
  const made = await exportForProduct(doors, session.clock(), request);
  for (const file of made.files) await write(session, file);
  if (made.files.some((file) => file.isPrivate)) await printer.sayPrivate();
  const output = shellWord(session.options.output ?? (directory === undefined ? 'FILE' : 'DIR'));
  await printer.say(escapeText(`${name}: ${place(output, sets === 'all' ? [] : sets)}`));
  for (const note of made.notes ?? []) await printer.say(escapeText(note));
  await session.finish();
}

async function write({ printer }: Session, { name, content }: ProductFile): Promise<void> {
  switch (content.as) {
    case 'text':
      return printer.text(content.text, name);
    case 'json':
      return printer.text(`${toJson(content.value, 2)}\n`, name);
    case 'json-line':
      return printer.text(`${toJson(content.value)}\n`, name);
    case 'yaml':
      return printer.text(await formatValue(content.value, { kind: 'yaml' }), name);
  }
}
