// Under which key a document has its row.
import type { DocumentName } from './set-id.ts';

export interface RowKey {
  readonly kind: 'master' | 'sets';
  readonly name: string;
}

const prefix = 'sets/';

export function keyOf(document: DocumentName): RowKey {
  if (document === 'master') return { kind: 'master', name: 'master' };
  return { kind: 'sets', name: document.slice(prefix.length) };
}

export function documentAt({ kind, name }: RowKey): DocumentName {
  return kind === 'master' ? 'master' : `${prefix}${name}`;
}
