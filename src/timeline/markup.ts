// Text inside XML and HTML. Names of sets and keys are other people's text.

// Of no use in a name, and either not allowed in XML 1.0 (section 2.2) or able to hide, reorder or break text.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Fit for text and for attribute values in quotes; characters that cannot be seen are written out. */
export function escapeMarkup(text: string): string {
  return text
    .replace(invisible, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
