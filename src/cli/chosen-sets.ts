// Which sets a command works on: those that are named, or all.
import { JwksError } from '../errors.ts';

export interface SetChoice {
  /** `--all` */
  readonly all?: boolean | undefined;
  /** All are meant where none is named. */
  readonly isAllUsual?: boolean;
  /** Where some have to be named: how. */
  readonly hint?: string;
}

/** Both, or neither, is a usage error. */
export function chooseSets<S extends string>(named: readonly S[], choice: SetChoice): readonly S[] | 'all' {
  const { all = false, isAllUsual = false, hint = 'name sets, or use --all' } = choice;
  if (all && named.length > 0) throw new JwksError('usage', 'name sets, or use --all, not both');
  if (named.length > 0) return named;
  if (all || isAllUsual) return 'all';
  throw new JwksError('usage', "missing argument 'set-id'", { hint });
}
