// Which exit status each kind of error has.
import type { ErrorCode } from '../errors.ts';

export const exitStatus = {
  failed: 1,
  unconfirmed: 1,
  unsupported: 1,
  'answer-no': 1,
  usage: 2,
  'not-found': 3,
  secret: 4,
  identity: 4,
  conflict: 5,
  unsafe: 5,
  'bad-key': 6,
  damaged: 6,
  'newer-format': 6,
  'rolled-back': 6,
  'untrusted-file': 6,
  unreachable: 7,
  internal: 70,
  interrupted: 130,
  declined: 130,
  terminated: 143,
} as const satisfies Record<ErrorCode, number>;
