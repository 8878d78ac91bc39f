// Verifiers that others wrote, before one running `jwks serve`: none refuses a good token through a rotation.
import { decodeProtectedHeader } from 'jose';
import { expect, test, vi } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { startHttp } from '../support/https-server.ts';
import { serving } from '../support/serving.ts';
import { discover, type Expected, makers, type Verifier, type VerifierName } from '../support/verifiers.ts';

type Verifiers = readonly (readonly [VerifierName, Verifier])[];
/** For each verifier. */
type Table<T> = Readonly<Record<string, T>>;

const wellKnown = '/.well-known/jwks.json';
const creations = { RS256: 'create --alg RS256 --bits 2048 auth', ES256: 'create --alg ES256 auth' };
const algs = ['RS256', 'ES256'] as const;

const everyone = (fetches: number): Table<number> => ({
  jose: fetches,
  'jwks-rsa': fetches,
  'openid-client': fetches,
  'get-jwks': fetches,
  'aws-jwt-verify': fetches,
});
/** jwks-rsa and get-jwks keep no set but single keys: a kid that they have not seen is always fetched. */
const nobodyWithASet = { ...everyone(0), 'jwks-rsa': 1, 'get-jwks': 1 };

test.each(algs)('%s: through a rotation none refuses a good token', async (alg) => {
  const issuer = await Issuer.start(alg);
  const { machine } = issuer;
  const first = await issuer.sign();
  const early = await issuer.verifiers();
  expect(await issuer.fetchesFor(early, first)).toEqual(everyone(1));
  expect(await issuer.fetchesFor(early, first)).toEqual(everyone(0));

  // Published, but not signing yet: some fetch the set now, others keep what they have.
  const { signs, leaves } = await issuer.rotate();
  const informed = await issuer.verifiers();
  expect(await issuer.fetchesFor(informed, first)).toEqual(everyone(1));
  expect(await issuer.fetchesFor(early, first)).toEqual(everyone(0));
  machine.now = instant(before(signs));
  const last = await issuer.sign();
  expect(kidOf(last)).toBe(kidOf(first));

  // The successor signs: who has the set with it does not ask again, who has the one from before does once.
  machine.now = instant(signs);
  const second = await issuer.sign();
  expect(kidOf(second)).not.toBe(kidOf(first));
  expect(await issuer.fetchesFor(informed, second)).toEqual(nobodyWithASet);
  const uninformed = await later(early);
  expect(await issuer.fetchesFor(uninformed, first)).toEqual(everyone(0));
  expect(await issuer.fetchesFor(uninformed, second)).toEqual(everyone(1));
  for (const verifiers of [informed, uninformed]) {
    for (const token of [first, last, second])
      expect(await issuer.fetchesFor(verifiers, token)).toEqual(everyone(0));
  }

  // To its last second the key before it is there for whoever asks for the first time.
  machine.now = instant(before(leaves));
  const latecomers = await issuer.verifiers();
  expect(await issuer.fetchesFor(latecomers, last)).toEqual(everyone(1));
  expect(await issuer.fetchesFor(latecomers, second)).toEqual(nobodyWithASet);

  machine.now = instant(leaves);
  expect(await issuer.kids()).toEqual([kidOf(second)]);
  // From the future for them, which none of them minds: `nbf` is for that.
  const third = await issuer.sign();
  for (const verifiers of [informed, uninformed, latecomers]) {
    for (const token of [second, third])
      expect(await issuer.fetchesFor(verifiers, token)).toEqual(everyone(0));
  }
  const newest = await issuer.verifiers();
  expect(await issuer.fetchesFor(newest, second)).toEqual(everyone(1));
  expect(await issuer.fetchesFor(newest, third)).toEqual(everyone(0));
});

test.each(algs)('%s: the token of a revoked key is refused, that of its successor is not', async (alg) => {
  const issuer = await Issuer.start(alg);
  const token = await issuer.sign();
  expect(await issuer.fetchesFor(await issuer.verifiers(), token)).toEqual(everyone(1));
  expect((await issuer.machine.jwks('revoke auth --signer')).status).toBe(0);
  await vi.waitFor(async () => expect(await issuer.kids()).not.toContain(kidOf(token)), { timeout: 5_000 });
  const fresh = await issuer.verifiers();
  expect(await issuer.refusals(fresh, token)).toEqual({
    jose: 'ERR_JWKS_NO_MATCHING_KEY',
    'jwks-rsa': `error in secret or public key callback: Unable to find a signing key that matches '${kidOf(token)}'`,
    'openid-client': 'OAUTH_KEY_SELECTION_FAILED',
    'get-jwks': 'JWK_NOT_FOUND',
    'aws-jwt-verify': `JWK for kid "${kidOf(token)}" not found in the JWKS`,
  });
  const after = await issuer.sign();
  expect(await issuer.fetchesFor(await issuer.verifiers(), after)).toEqual(everyone(1));
});

test.each(algs)('%s: a signature that is of another token is refused by all', async (alg) => {
  const issuer = await Issuer.start(alg);
  const [good, other] = [await issuer.sign(), await issuer.sign('mallory')];
  const verifiers = await issuer.verifiers();
  expect(await issuer.fetchesFor(verifiers, good)).toEqual(everyone(1));
  const forged = good.replace(/[^.]*$/, other.split('.')[2] ?? '');
  expect(await issuer.refusals(verifiers, forged)).toEqual({
    jose: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    'jwks-rsa': 'invalid signature',
    'openid-client': 'OAUTH_INVALID_RESPONSE',
    'get-jwks': 'FAST_JWT_INVALID_SIGNATURE',
    'aws-jwt-verify': 'Invalid signature',
  });
});

test('openid-client takes the discovery document, with the algorithm of the keys', async () => {
  const { expected } = await Issuer.start('ES256');
  expect((await discover(expected)).serverMetadata()).toMatchObject({
    issuer: expected.issuer,
    jwks_uri: expected.jwksUri,
    id_token_signing_alg_values_supported: ['ES256'],
  });
});

/** A machine with one set that is served, and a proxy before it whose address is the issuer's and that counts. */
class Issuer {
  #fetches = 0;
  readonly machine: Machine;
  readonly expected: Expected;

  constructor(machine: Machine, url: string, alg: Expected['alg']) {
    this.machine = machine;
    this.expected = { issuer: url, jwksUri: url + wellKnown, alg, audience: 'app', nonce: 'n-0S6_WzA2Mj' };
  }

  static async start(alg: Expected['alg']): Promise<Issuer> {
    // The verifiers' clock is the real one: for it a rotation of two days is over, and what was signed still good.
    const machine = new Machine(isoOf(Date.now() - 3 * 86_400_000));
    expect((await machine.jwks(creations[alg])).status).toBe(0);
    expect((await machine.jwks('policy auth --token-ttl 30d')).status).toBe(0);
    let upstream = '';
    const url = await startHttp(async ({ url: path = '' }, response) => {
      if (path === wellKnown) issuer.#fetches += 1;
      const answer = await fetch(upstream + path);
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
    const issuer = new Issuer(machine, url, alg);
    upstream = (await serving(machine, `auth --issuer ${url}`)).url;
    return issuer;
  }

  async sign(subject = 'alice'): Promise<string> {
    const { issuer, audience, nonce } = this.expected;
    const claims = JSON.stringify({ iss: issuer, aud: audience, sub: subject, nonce });
    const ran = await this.machine.jwks(['sign', 'auth', '--claims', claims, '--exp', '30d']);
    expect(ran.status).toBe(0);
    return ran.stdout.trim();
  }

  /** Until its successor is served; when that signs and the key before it leaves. */
  async rotate(): Promise<{ readonly signs: string; readonly leaves: string }> {
    const ran = await this.machine.jwks('rotate auth --format json');
    const { changes } = JSON.parse(ran.stdout) as { changes: { to: string; at: string }[] };
    await vi.waitFor(async () => expect(await this.kids()).toHaveLength(2), { timeout: 5_000 });
    const at = (state: string): string => changes.find(({ to }) => to === state)?.at ?? '';
    return { signs: at('active'), leaves: at('retired') };
  }

  async kids(): Promise<string[]> {
    const { keys } = (await (await fetch(this.expected.jwksUri)).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  }

  /** One of each, with nothing in its cache. */
  async verifiers(): Promise<Verifiers> {
    const made = Object.entries(makers).map(async ([name, make]) => {
      return [name as VerifierName, await make(this.expected)] as const;
    });
    return Promise.all(made);
  }

  /** How often each fetched the set until it accepted the token; a refusal is thrown. */
  async fetchesFor(verifiers: Verifiers, token: string): Promise<Table<number>> {
    return tabulate(verifiers, async (verifier) => {
      const sofar = this.#fetches;
      expect((await verifier.verify(token)).sub).toBe('alice');
      return this.#fetches - sofar;
    });
  }

  /** Why each refused the token: the code of the error (of the first, where it is wrapped), or else its words. */
  async refusals(verifiers: Verifiers, token: string): Promise<Table<string>> {
    return tabulate(verifiers, (verifier) =>
      verifier.verify(token).then(
        () => 'accepted',
        ({ code, originalError, message }) => originalError?.code ?? code ?? message,
      ),
    );
  }
}

/** One after the other, so that what is counted is counted for the right one. */
async function tabulate<T>(verifiers: Verifiers, ask: (verifier: Verifier) => Promise<T>): Promise<Table<T>> {
  const rows: [VerifierName, T][] = [];
  for (const [name, verifier] of verifiers) rows.push([name, await ask(verifier)]);
  return Object.fromEntries(rows);
}

async function later(verifiers: Verifiers): Promise<Verifiers> {
  return Promise.all(verifiers.map(async ([name, verifier]) => [name, await verifier.later()] as const));
}

const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid;
const isoOf = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+/, '');
/** A second before. */
const before = (time: string): string => isoOf(Date.parse(time) - 1_000);
