// Ory Hydra's admin API for keys over HTTP, and a page for the person who looks after them.
import type { IncomingMessage } from 'node:http';
import { type ErrorCode, JwksError } from '../errors.ts';
import type { OryApi } from '../operations/ory-api.ts';
import { refuseAdmin } from './admin-guard.ts';
import {
  type Answer,
  emptyAnswer,
  errorAnswer,
  jsonAnswer,
  type Note,
  type Site,
  textAnswer,
} from './answer.ts';
import { Gate } from './gate.ts';
import type { Log } from './log.ts';
import type { OwnHosts } from './own-hosts.ts';
import { readBody } from './read-body.ts';
import { segmentsOf } from './routes.ts';

export interface AdminSiteOptions {
  readonly api: OryApi;
  /** Absent: whoever can connect may. */
  readonly token: string | undefined;
  readonly hosts: OwnHosts | 'any';
  /** Under which Hydra's `Location` stands; empty: a path alone. */
  readonly issuer: string;
  readonly page: () => string;
  readonly log: Log;
  /** From then on what waits is sent away. */
  readonly stopping: AbortSignal;
}

interface Target {
  readonly set: string;
  readonly kid: string | undefined;
}

interface Operation {
  /** Ory's `operationId`. */
  readonly route: string;
  /** Generates or proves keys: takes a core. */
  readonly isHeavy: boolean;
  readonly hasBody: boolean;
  run(target: Target, body: Buffer): Promise<Answer>;
}

const mostBytes = 1024 * 1024;
const atATime = 2;
const mostWaiting = 64;

const statuses: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  'bad-key': 400,
  unsupported: 400,
  'not-found': 404,
  conflict: 409,
  unsafe: 409,
  secret: 503,
};

/** No script, nothing fetched, and in nobody's frame. */
const pageHeaders = [
  'content-security-policy',
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'referrer-policy',
  'no-referrer',
];

export function adminSite(options: AdminSiteOptions): Site {
  const { api, issuer, log } = options;
  const gate = new Gate(atATime, mostWaiting);
  options.stopping.addEventListener('abort', () => gate.close(), { once: true });
  const ofSet: Record<string, Operation> = {
    GET: reading('getJsonWebKeySet', ({ set }) => api.get(set)),
    POST: writing('createJsonWebKeySet', async ({ set }, body) => {
      const made = await api.create(set, body);
      const location = `${issuer}/keys/${encodeURIComponent(set)}`;
      const answer = jsonAnswer(201, made, ['location', location]);
      return withNote(answer, { kid: String(made.keys[0]?.kid ?? '') });
    }),
    PUT: writing('setJsonWebKeySet', async ({ set }, body) => jsonAnswer(200, await api.put(set, body))),
    DELETE: deleting('deleteJsonWebKeySet', ({ set }) => api.delete(set)),
  };
  const ofKey: Record<string, Operation> = {
    GET: reading('getJsonWebKey', ({ set, kid }) => api.get(set, kid)),
    PUT: writing('setJsonWebKey', async ({ set, kid = '' }, body) =>
      jsonAnswer(200, await api.putKey(set, kid, body)),
    ),
    DELETE: deleting('deleteJsonWebKey', ({ set, kid }) => api.delete(set, kid)),
  };

  async function answer(request: IncomingMessage): Promise<Answer> {
    const refused = refuseAdmin(request, options);
    if (refused !== undefined) return refused;
    const segments = segmentsOf(request.url);
    if ('status' in segments) return segments;
    // RFC 9110 section 9.3.2: Node leaves the body out.
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    if (segments.length === 1 && segments[0] === '') {
      if (method !== 'GET') return notAllowed(['GET']);
      const page = textAnswer('text/html; charset=utf-8', options.page(), pageHeaders);
      return withNote(page, { route: 'status' });
    }
    const target = targetOf(segments);
    if (target === undefined) return errorAnswer(404, 'there is nothing at this path');
    const operations = target.kid === undefined ? ofSet : ofKey;
    const operation = Object.hasOwn(operations, method) ? operations[method] : undefined;
    if (operation === undefined) return withNote(notAllowed(Object.keys(operations)), target);
    const answer = await perform(request, operation, target);
    return withNote(answer, { route: operation.route, ...target, ...answer.note });
  }

  async function perform(request: IncomingMessage, operation: Operation, target: Target): Promise<Answer> {
    let body: Buffer = Buffer.alloc(0);
    if (operation.hasBody) {
      if (!isJson(request)) return errorAnswer(415, 'the body is to be application/json');
      const read = await readBody(request, mostBytes);
      if (read === 'too-large') return errorAnswer(413, 'the body is larger than 1 MiB');
      if (read === 'gone') return errorAnswer(400, 'the body has no end');
      body = read;
    }
    if (operation.isHeavy && gate.isFull) {
      return errorAnswer(503, 'too many requests wait already', ['retry-after', '1']);
    }
    // Who gave up while it waited asks again: what was made for nobody would only be one key more.
    const run = async () => (request.socket.destroyed ? undefined : operation.run(target, body));
    try {
      const answer = await (operation.isHeavy ? gate.run(run) : run());
      return answer ?? errorAnswer(503, 'the server is stopping', ['retry-after', '1']);
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      const status = statuses[error.code] ?? 500;
      if (status === 500) log.say('error', error.message, { listener: 'admin', route: operation.route });
      return errorAnswer(status, error.message);
    }
  }

  return answer;
}

function reading(route: string, read: (target: Target) => Promise<object>): Operation {
  return {
    route,
    isHeavy: false,
    hasBody: false,
    run: async (target) => jsonAnswer(200, await read(target)),
  };
}

function writing(route: string, run: Operation['run']): Operation {
  return { route, isHeavy: true, hasBody: true, run };
}

function deleting(route: string, remove: (target: Target) => Promise<void>): Operation {
  const run = async (target: Target) => {
    await remove(target);
    return emptyAnswer(204);
  };
  return { route, isHeavy: true, hasBody: false, run };
}

/** `/admin/keys/{set}[/{kid}]`; Hydra's older versions and what stands before it leave `/admin` out. */
function targetOf(segments: readonly string[]): Target | undefined {
  const [first, set, kid, ...more] = segments[0] === 'admin' ? segments.slice(1) : segments;
  if (first !== 'keys' || set === undefined || set === '' || kid === '' || more.length > 0) return undefined;
  return { set, kid };
}

function notAllowed(methods: readonly string[]): Answer {
  const allowed = methods.includes('GET') ? ['HEAD', ...methods] : methods;
  return errorAnswer(405, 'this method is not for this path', ['allow', allowed.join(', ')]);
}

function isJson({ headers }: IncomingMessage): boolean {
  return /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(headers['content-type'] ?? '');
}

function withNote(answer: Answer, note: Note): Answer {
  return { ...answer, note };
}
