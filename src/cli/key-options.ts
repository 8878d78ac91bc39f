// Options that describe a key, for the commands that make, take in or convert one.
import { Option } from 'commander';

/** `text`: what it is for there. */
export function useOption(text: string): Option {
  return new Option('--use <use>', text).choices(['sig', 'enc']);
}

export function kidFromOption(text: string): Option {
  return new Option('--kid-from <scheme>', text)
    .choices(['thumbprint', 'uuid', 'spki-sha256'])
    .default(undefined, 'thumbprint; uuid if symmetric');
}
