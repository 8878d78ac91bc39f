// The parts of a file that is no JSON: keys and certificates, in its order, before they are joined.
import type { X509Certificate } from 'node:crypto';

export type Piece =
  | {
      readonly kind: 'key';
      /** As node:crypto or a reader of ours gives them: not yet checked. */
      readonly members: Readonly<Record<string, unknown>>;
      readonly where: string;
      readonly repairs?: readonly string[] | undefined;
    }
  | { readonly kind: 'certificate'; readonly certificate: X509Certificate; readonly where: string };
