// A result of many portions, printed as they come: the same text as if it had been one.
import { toJson } from './format.ts';
import type { Result } from './printer.ts';
import type { Session } from './session.ts';

/** Whether what is printed need not be known as a whole: a table on a terminal is as wide as its widest row. */
export function canStream({ host, options, settings }: Session): boolean {
  const format = settings.format?.value ?? 'table';
  const isOfLines =
    options.quiet === true || format === 'json' || (format === 'table' && !host.stdout.isTerminal);
  return isOfLines && options.output === undefined;
}

/**
 * Of many portions each is soon garbage, of which V8 would let several times what is kept pile up. Call it before the
 * first of them: how much may come is decided anew only when it has looked.
 */
export function collectSooner(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--heap-growing-percent=50');
}

/**
 * Prints portions, where `canStream`. In JSON each is an object of one member, a list, which all together are.
 * Where a portion fails, what stands before it has been printed, and the JSON has no end.
 */
export async function stream<T>(
  { host, options, settings, printer }: Session,
  portions: AsyncIterable<readonly T[]>,
  toResult: (items: readonly T[]) => Result,
): Promise<void> {
  const isJson = options.quiet !== true && settings.format?.value === 'json';
  let isBegun = false;
  for await (const items of portions) {
    if (items.length === 0) continue;
    const result = toResult(items);
    if (isJson) {
      const [member, list] = onlyMember(result.json());
      const text = list.map((item) => toJson(item)).join(',');
      if (!isBegun) await host.stdout.write(`{${JSON.stringify(member)}:[${text}`);
      else await host.stdout.write(`,${text}`);
    } else if (options.quiet === true || result.table === undefined) {
      await printer.result(result);
    } else {
      const table = result.table();
      // Its titles stand above the first only.
      await host.stdout.write(isBegun ? table.slice(table.indexOf('\n') + 1) : table);
    }
    isBegun = true;
  }
  if (isJson && isBegun) await host.stdout.write(']}\n');
  else if (!isBegun) await printer.result(toResult([]));
}

function onlyMember(value: unknown): [string, readonly object[]] {
  const [entry] = Object.entries(value as Record<string, readonly object[]>);
  return entry ?? ['', []];
}
