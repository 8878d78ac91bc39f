// A keystore in PostgreSQL that a test sets back again and again: reached through a proxy, and past it.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { DatabasePlace } from '../../src/keystore/database-place.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { type Access, openKeystore } from '../../src/operations/open.ts';
import { accessAt, type Deed, fillKeystore, later } from './deeds.ts';
import { accessIn, noon } from './keystore.ts';
import { PostgresProxy } from './postgres-proxy.ts';
import { temporaryDirectory } from './temporary.ts';

/** So long a client waits for a server that is gone. */
const patience = 150;

export class DatabaseKeystore {
  readonly url: string;
  readonly proxy: PostgresProxy;
  readonly #schema: string;
  readonly #client: pg.Client;
  readonly #template: string;
  #direct: DatabasePlace;
  #home: string;
  #isFilled = false;

  /** What a deed needs. `reset` makes it so again. */
  static async filled(url: string, { prepare }: Pick<Deed, 'prepare'>): Promise<DatabaseKeystore> {
    const keystore = await DatabaseKeystore.empty(url);
    await fillKeystore(keystore.access(noon));
    await prepare?.(await openKeystore(keystore.access(), undefined));
    await keystore.#client.query(
      `CREATE TABLE ${keystore.#schema}.template AS TABLE ${keystore.#schema}.documents`,
    );
    cpSync(keystore.#home, keystore.#template, { recursive: true });
    keystore.#isFilled = true;
    return keystore;
  }

  /** Nothing is there yet. */
  static async empty(url: string): Promise<DatabaseKeystore> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const proxy = await PostgresProxy.before(url);
    onTestFinished(async () => {
      await client.end();
      await proxy.close();
    });
    return new DatabaseKeystore(url, client, proxy);
  }

  private constructor(url: string, client: pg.Client, proxy: PostgresProxy) {
    this.url = url;
    this.proxy = proxy;
    this.#schema = new URL(url).searchParams.get('schema') ?? '';
    this.#client = client;
    this.#template = temporaryDirectory();
    this.#home = temporaryDirectory();
    this.#direct = this.#place(url);
  }

  async reset(): Promise<void> {
    this.#home = temporaryDirectory();
    cpSync(this.#template, this.#home, { recursive: true });
    // It remembers whether there is a keystore.
    if (!this.#isFilled) this.#direct = this.#place(this.url);
    const table = `${this.#schema}.documents`;
    await this.#client.query(
      this.#isFilled
        ? `BEGIN; DELETE FROM ${table}; INSERT INTO ${table} TABLE ${this.#schema}.template; COMMIT`
        : `DROP SCHEMA IF EXISTS ${this.#schema} CASCADE`,
    );
  }

  /** Past the proxy. */
  access(now: Instant = later): Access {
    return this.#at(this.#direct, now);
  }

  /** As a new process has it, through the proxy. */
  behind(): Access {
    return this.#at(this.#place(this.proxy.url(this.url)), later);
  }

  #place(url: string): DatabasePlace {
    return new DatabasePlace(url, { env: {}, cwd: '/', patience });
  }

  #at(place: DatabasePlace, now: Instant): Access {
    return {
      ...accessIn(this.#home, accessAt(now)),
      place,
      stateDirectory: join(this.#home, 'state', 'jwks'),
    };
  }
}
