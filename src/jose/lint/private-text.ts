// Finds private keys and secrets that stand in a text as PEM, or as this tool writes a secret.
import type { PlacedFault } from './private-members.ts';

const end = 'PRIVATE KEY';
/** The label before `PRIVATE KEY`, up to the five dashes; `ENCRYPTED ` too: a passphrase can be guessed at leisure. */
const before = /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}$/;
/**
 * A line end, as such or as JSON and scripts write it, perhaps headers (RFC 1421), and the beginning of the bytes:
 * the mere mention of a label is no key. A header ends where its line does: else blanks could be split in too many ways.
 */
const after =
  /^(?: BLOCK)?-----(?:\s|\\+[rn]){1,160}(?:[A-Za-z-]{1,24}: ?[^\r\n\\]{0,80}(?=[\r\n\\])(?:\s|\\+[rn]){1,160}){0,4}[A-Za-z0-9+/]{16}/;
const longestLabel = 80;
const longestHead = 1_600;

/** The secret of a keystore (keystore/secret.ts). */
const secret = /jwks_secret_[\w-]{43}(?![\w-])/g;

/** Base64 of `-----BEGIN `, as Kubernetes and others keep PEM, and what the label needs. */
const encoded = /LS0tLS1CRUdJTi[A-Za-z0-9+/]{24,80}/g;
/** `d` of a JWK as a member in YAML: a long base64url text and nothing else on its line. */
const yamlMember = /^[ \t-]*(?:d|k|priv): ?["']?[\w-]{40,}["']?[ \t]*$/gm;

export function findPrivateText(text: string): PlacedFault[] {
  const found: PlacedFault[] = [];
  for (let at = text.indexOf(end); at !== -1; at = text.indexOf(end, at + 1)) {
    const label = before.exec(text.slice(Math.max(0, at - longestLabel), at))?.[0];
    const rest = text.slice(at + end.length, at + end.length + longestHead);
    if (label === undefined || !after.test(rest)) continue;
    found.push({ code: 'private-text', place: '', at: at - label.length, what: 'a private key in PEM' });
  }
  for (const { index, 0: block } of text.matchAll(encoded)) {
    if (/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(Buffer.from(block, 'base64').toString('latin1')))
      found.push({ code: 'private-text', place: '', at: index, what: 'a private key in base64 of PEM' });
  }
  for (const { index } of text.matchAll(yamlMember))
    found.push({ code: 'private-text', place: '', at: index, what: 'the private half of a JWK in YAML' });
  for (const { index } of text.matchAll(secret))
    found.push({ code: 'private-text', place: '', at: index, what: 'the secret of a keystore' });
  return found;
}
