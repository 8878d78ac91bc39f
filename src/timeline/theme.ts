// Colours of the drawn pictures, light and dark, as style sheets without variables: not every SVG viewer has those.
import type { Row } from './timeline.ts';

interface Colors {
  readonly back: string;
  readonly panel: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly published: string;
  readonly signs: string;
  readonly verifies: string;
  readonly revoked: string;
}

// Every text colour has a contrast of 4.5 or more on `back` and on `panel` (WCAG 2.2, 1.4.3).
const light: Colors = {
  back: '#ffffff',
  panel: '#f6f8fa',
  text: '#1f2328',
  quiet: '#59636e',
  line: '#d1d9e0',
  published: '#0969da',
  signs: '#1a7f37',
  verifies: '#9a6700',
  revoked: '#cf222e',
};
const dark: Colors = {
  back: '#0d1117',
  panel: '#151b23',
  text: '#f0f6fc',
  quiet: '#9198a1',
  line: '#3d444d',
  published: '#4493f8',
  signs: '#3fb950',
  verifies: '#d29922',
  revoked: '#f85149',
};

/** The class of a state's word. */
export const stateClass: Readonly<Record<Row['state'], string>> = {
  next: 'is-published',
  active: 'is-signs',
  retiring: 'is-verifies',
  retired: 'is-quiet',
  revoked: 'is-revoked',
  planned: 'is-quiet',
};

/** The rules for charts; `pageRules` adds those of a page around them. */
export function styleSheet(pageRules: (colors: Colors) => string = () => ''): string {
  return `${layout}${rules(light)}${pageRules(light)}@media (prefers-color-scheme:dark){${rules(dark)}${pageRules(dark)}}`;
}

const layout = `text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;paint-order:stroke;stroke-width:5px;stroke-linejoin:round}
.kid{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:11px}
.small{font-size:11px}.strong{font-weight:600}.title{font-size:16px;font-weight:600}
.grid{stroke-width:1}.now{stroke-width:2}.bar{stroke-width:1.25}.planned{opacity:.6;stroke-dasharray:4 3}
.cross{stroke-width:2.5;stroke-linecap:round}
`;

function rules(colors: Colors): string {
  const { back, text, quiet, line, revoked } = colors;
  const phases = (['published', 'signs', 'verifies'] as const).map((phase) => {
    const color = colors[phase];
    const fill = phase === 'signs' ? color : `url(#jwks-${phase})`;
    return `.${phase}{fill:${fill};stroke:${color}}.ink-${phase}{fill:${color};stroke:${color}}.is-${phase}{fill:${color};color:${color}}`;
  });
  return `.back{fill:${back}}text{fill:${text};stroke:${back}}.is-quiet{fill:${quiet};color:${quiet}}.grid{stroke:${line}}.now{stroke:${text}}.pointer{fill:${text}}.is-revoked{fill:${revoked};color:${revoked}}.cross{stroke:${revoked};fill:none}
${phases.join('\n')}
`;
}

/** What fills bars by more than their colour. Once in a document. */
export const patterns = `<defs><pattern id="jwks-published" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1.1" class="ink-published"/></pattern><pattern id="jwks-verifies" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="6" class="ink-verifies"/></pattern></defs>`;
