// Preloaded into a command: its clock runs faster, the same in every process that is given the same start, and what it
// waits a minute or longer for comes sooner alike.
const timers = require('node:timers/promises');

const [start, factor] = (process.env.JWKS_TEST_CLOCK ?? '').split(' ').map(Number);
const real = Date.now;
Date.now = () => Math.round(start + (real() - start) * factor);

const wait = timers.setTimeout;
timers.setTimeout = (delay, ...rest) => wait(delay >= 60_000 ? delay / factor : delay, ...rest);
