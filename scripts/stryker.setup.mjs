// Properties that draw the same each time: else a mutant lives or dies by chance.
import fc from 'fast-check';

fc.configureGlobal({ seed: 1 });
