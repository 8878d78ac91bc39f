// The licences of the packages that are bundled: which they are, whether they permit it, and their texts.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Those that ask for no more than that their text goes with the code. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
  'Zlib',
]);

/**
 * Name, version, licence (SPDX) and text of each package, by name. All that are not fit are told together.
 * @throws {Error} where one has no text, or a licence that is not permissive
 */
export function describePackages(directories) {
  const faults = [];
  const found = directories.map((directory) => {
    const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const text = textOf(directory);
    if (!isPermissive(license))
      faults.push(`${name}@${version}: licence ${license} is not known as permissive`);
    if (text === '') faults.push(`${name}@${version}: it has no licence text`);
    return { name, version, license, text };
  });
  if (faults.length > 0) throw new Error(`what is bundled must be free to be: ${faults.join('; ')}`);
  // Two files of one package are one entry, and so are two copies of one version.
  const unique = new Map(found.map((one) => [`${one.name}@${one.version}`, one]));
  return [...unique.values()].sort((a, b) => compare(`${a.name}@${a.version}`, `${b.name}@${b.version}`));
}

/** What must be passed on with the code: each text once, below the packages that it is of. */
export function toNotices(packages) {
  const byText = new Map();
  for (const one of packages) byText.set(one.text, [...(byText.get(one.text) ?? []), one]);
  const rule = '-'.repeat(80);
  const parts = [...byText].map(([text, of]) => {
    const names = of.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${rule}\n${names.join('\n')}\n${rule}\n\n${text}\n`;
  });
  return `jwks-keystore contains code of these packages, under these licences.\n\n${parts.join('\n')}`;
}

/** `MIT`, `(MIT OR GPL-2.0)`, `MIT AND ISC`; anything else is not known. */
export function isPermissive(license) {
  if (typeof license !== 'string') return false;
  const expression = license.replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(expression)) return false;
  return expression.split(' OR ').some((choice) => choice.split(' AND ').every((id) => permissive.has(id)));
}

/** A NOTICE goes with Apache-2.0's text. Some have their text at the end of the README only. */
function textOf(directory) {
  const names = readdirSync(directory).sort();
  const read = (name) => readFileSync(join(directory, name), 'utf8').replaceAll('\r\n', '\n').trim();
  const texts = names.filter((name) => /^(?:licen[cs]e|copying|notice|copyrightnotice)/i.test(name));
  if (texts.some((name) => !/notice/i.test(name))) return texts.map(read).join('\n\n');
  const readme = names.find((name) => /^readme/i.test(name));
  const [, text = ''] = /^#+ *licen[cs]e.*\n([\s\S]*)/im.exec(readme === undefined ? '' : read(readme)) ?? [];
  return /permission is hereby granted/i.test(text) ? text.trim() : '';
}

function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}
