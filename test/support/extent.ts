// How much of a long test is tried. `npm test` takes a few of its cases, always the same; JWKS_FAULTS=more, as .ci/run
// has it, takes as many as a minute or so has room for, and JWKS_FAULTS=all takes all there are.

const extents = ['few', 'more', 'all'] as const;

const extent = extents.find((one) => one === process.env['JWKS_FAULTS']) ?? 'few';

export const isAll = extent === 'all';

export function ofExtent<T>(cases: { readonly few: T; readonly more: T; readonly all?: T }): T {
  return extent === 'all' ? (cases.all ?? cases.more) : cases[extent];
}
