// Every backend keeps the contract of the storage port.
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { storageContract } from '../support/storage-contract.ts';
import { temporaryDirectory } from '../support/temporary.ts';

storageContract('memory', () => {
  const storage = new MemoryStorage();
  return { storage, again: () => storage };
});

storageContract('files', () => {
  const directory = temporaryDirectory();
  return {
    storage: new FileStorage(directory),
    again: () => new FileStorage(directory),
    age: (name) => utimesSync(join(directory, name), 1_700_000_000, 1_700_000_000),
  };
});
