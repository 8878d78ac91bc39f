// The picture for a terminal, as it stands there.
import stringWidth from 'fast-string-width';
import { expect, test } from 'vitest';
import { escapeText } from '../../src/cli/terminal-text.ts';
import { type TimelineSet, toTimeline, type View } from '../../src/timeline/timeline.ts';
import { type Terminal, toText } from '../../src/timeline/to-text.ts';
import { auth, hostile, key, mixed, now, on, setOf } from './sample-sets.ts';

const same = (text: string): string => text;
const plain = { bold: same, dim: same, cyan: same, green: same, yellow: same, red: same };
const unicode: Terminal = { columns: 80, isUnicode: true, paint: plain, escape: escapeText };
const ascii: Terminal = { ...unicode, isUnicode: false };

function picture(sets: readonly TimelineSet[], view: View = {}, terminal: Terminal = unicode): string {
  return `\n${toText(toTimeline(sets, view), terminal)}`;
}

test('80 columns', () => {
  expect(picture([auth])).toBe(`
auth  ES256                   19 Jan       2 Feb       16 Feb       2 Mar    UTC
9fJ2mNcw retiring  ██████████████████████████████░
uSm3cXKz active                               ···│██████████████████████████░
(planned)                                        │                       ···████
                                                 ▲ now
                   ··· published   ███ signs   ░░░ still verifies
`);
});

test('120 columns', () => {
  expect(picture([auth], {}, { ...unicode, columns: 120 })).toBe(`
auth  ES256                12 Jan     19 Jan    26 Jan     2 Feb     9 Feb     16 Feb     23 Feb    2 Mar      9 Mar UTC
9fJ2mNcw retiring  █████████████████████████████████████████████████░│░
uSm3cXKz active                                                 ····█│███████████████████████████████████████████░░░
(planned)                                                            │                                      ·····███████
                                                                     ▲ now
                   ··· published   ███ signs   ░░░ still verifies
`);
});

test('60 columns of plain characters', () => {
  expect(picture([auth], {}, { ...ascii, columns: 60 })).toBe(`
auth  ES256               19 Jan   2 Feb   16 Feb        UTC
9fJ2mNcw retiring  ####################-
uSm3cXKz active                      ..|#################-
(planned)                              |               ..###
                                       ^ now
              ... published   ### signs   --- still verifies
`);
});

test('several sets, roles and words', () => {
  expect(picture([mixed, setOf('empty', [])])).toBe(`
payments.example  ECDH-ES+A256KW
                         12 Jan    19 Jan   26 Jan    2 Feb    9 Feb         UTC
enc-2025     retiring  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░░░│░░░░░░░░░░░░░░░
enc-2026     active    ████████████████████████████████████████│████████████████
                                                               ▲ now

payments.example  ES256
                         12 Jan    19 Jan   26 Jan    2 Feb    9 Feb         UTC
stolen       revoked   ████████████████████×                   │
wait…rn-2025 active                        ████████████████████│████████████████
wait…rn-2026 next                                             ·│················
                                                               ▲ now

payments.example  HS256
                         12 Jan    19 Jan   26 Jan    2 Feb    9 Feb         UTC
shared       active           █████████████████████████████████│████░░░
(planned)                                                      │····████████████
                                                               ▲ now

empty  has no keys in this time

                       ··· handed out / published   ███ encrypts / signs
                       ░░░ still decrypts / still verifies   × revoked
`);
});

test('another time, at the edge of the window', () => {
  expect(picture([auth], { at: on('2026-03-01'), from: on('2026-02-01'), to: on('2026-03-02') })).toBe(`
auth  ES256         2 Feb          9 Feb          16 Feb         23 Feb      UTC
9fJ2mNcw retired  ███████████████░░░░                                        │
uSm3cXKz active            ······████████████████████████████████████████████│██
                                                        2026-03-01T00:00:00Z ▲
                  ··· published   ███ signs   ░░░ still verifies
`);
});

test('a window before and behind that time', () => {
  expect(picture([auth], { from: on('2026-03-01') })).toBe(`
auth  ES256            2 Mar    4 Mar   6 Mar    8 Mar    10 Mar  12 Mar     UTC
9fJ2mNcw retiring
uSm3cXKz active    ███████████████████████████████████████░░░░░░░░░
(planned)                                    ·············██████████████████████
                   ◄ now
                   ··· published   ███ signs   ░░░ still verifies
`);
  expect(picture([auth], { to: on('2026-02-01') }, ascii)).toBe(`
auth  ES256                      12 Jan          19 Jan          26 Jan      UTC
9fJ2mNcw retiring  #############################################################
uSm3cXKz active
                                                                           now >
                   ... published   ### signs   --- still verifies
`);
});

test('names that are other people’s text', () => {
  expect(picture([hostile])).toBe(`
</title></script><script>alert(1)</script>"'&\\u{202e}evil\\u{2066}  ES256
                    12 Jan     19 Jan      26 Jan      2 Feb      9 Feb      UTC
<img src active  ████████████████████████████████████░░░░░░░░░░░░░│░░░░░░░░░░░░░
]]><!--\\ active                   ···················█████████████│█████████████
鍵鍵鍵鍵 next                                        ·············│·············
                                                                  ▲ now
                 ··· published   ███ signs   ░░░ still verifies
`);
});

test('what is shorter than a column has one, also under the line for now', () => {
  expect(
    picture(
      [
        setOf('s', [
          key('short', {
            created: '2026-02-09',
            activates: '2026-02-09T00:00:01Z',
            deactivates: '2026-02-09T00:00:02Z',
          }),
        ]),
      ],
      { from: on('2026-01-01'), to: on('2026-04-01') },
    ),
  ).toBe(`
s  ES256       5 Jan     19 Jan     2 Feb     16 Feb     2 Mar     16 Mar    UTC
short next                               █░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
                                         ▲ now
            ··· published   ███ signs   ░░░ still verifies
`);
});

test.each([16, 40, 61, 80, 97, 120, 200, 400])(
  'a picture fits %i columns, or what it needs at least',
  (columns) => {
    const sets = [[auth], [mixed], [hostile], [auth, mixed, hostile, setOf('empty', [])]];
    for (const terminal of [unicode, ascii]) {
      for (const one of sets) {
        const lines = picture(one, {}, { ...terminal, columns }).split('\n');
        const widest = Math.max(...lines.map((line) => stringWidth(line)));
        if (columns >= 40) expect(widest).toBe(columns);
        expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
      }
    }
  },
);

test('plain characters are plain', () => {
  expect(picture([auth, mixed], {}, ascii)).toMatch(/^[\n -~]+$/);
});

test('colours say what the characters and words do', () => {
  const tag = (name: string) => (text: string) => `<${name}>${text}</${name}>`;
  const paint = {
    bold: tag('b'),
    dim: tag('d'),
    cyan: tag('c'),
    green: tag('g'),
    yellow: tag('y'),
    red: tag('r'),
  };
  const text = picture([auth, mixed], {}, { ...unicode, paint });
  expect(text).toMatch(/<y>retiring<\/y> +<g>█+<\/g><y>░<\/y>\n/);
  expect(text).toMatch(/<g>active<\/g> +<c>···<\/c>│<g>█+<\/g><d><y>░<\/y><\/d>\n/);
  expect(text).toMatch(/<d>\(planned\)<\/d> +│ +<d><c>···<\/c><\/d><d><g>████<\/g><\/d>\n/);
  expect(text).toMatch(/<r>revoked<\/r> +<g>█+<\/g><r>×<\/r> +│\n/);
  expect(text).toMatch(/ <c>···<\/c> published \/ handed out {3}<g>███<\/g> signs \/ encrypts\n/);
  expect(text).toMatch(/ <y>░░░<\/y> still verifies \/ still decrypts {3}<r>×<\/r> revoked\n/);
  expect(text.replaceAll(/<\/?[bdcgyr]>/g, '')).toBe(picture([auth, mixed]));
});

test('no sets are no picture', () => {
  expect(toText(toTimeline([], {}), unicode)).toBe('');
  expect(toText(toTimeline([setOf('empty', [], { now })], {}), unicode)).toBe(
    'empty  has no keys in this time\n',
  );
});
