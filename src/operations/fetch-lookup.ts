// The hook of node:net that looks a name up, with a say in which addresses are connected to.
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { refused } from './fetch-fault.ts';

/** All addresses of a name. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

/** Looks up and checks in one step: the addresses that were checked are the ones that are connected to. */
export function checkedLookup(
  lookup: Lookup,
  refuse: (address: string) => string | undefined,
): LookupFunction {
  return (host, { all }, callback) => {
    const settle = (addresses: readonly LookupAddress[]): void => {
      const refusal = addresses.map(({ address }) => refuse(address)).find((reason) => reason !== undefined);
      const [one] = addresses;
      if (refusal !== undefined) callback(refused(refusal), []);
      else if (one === undefined) callback(refused('there is no host of that name'), []);
      else if (all === true) callback(null, [...addresses]);
      else callback(null, one.address, one.family);
    };
    lookup(host).then(settle, (error) => callback(error, []));
  };
}
