// Preloaded into a command: writes its peak resident memory in KiB to descriptor 3 when it ends. From /proc, since
// what getrusage() says of a child begins with the memory of the parent that it was forked from.
const { readFileSync, writeSync } = require('node:fs');

process.on('exit', () =>
  writeSync(3, /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 'NaN'),
);
