// Debian's python3-jwcrypto, asked once for many tokens: starting Python takes longer than all it does then.
import { spawnSync } from 'node:child_process';

const python = '/usr/bin/python3';
const there = spawnSync(python, ['-c', 'import jwcrypto.jwk']).status === 0;

export const jwcrypto = {
  isThere: there,
  title: (text: string): string => (there ? text : `${text} (skipped: python3-jwcrypto is not installed)`),
};

export interface Task {
  readonly what: 'sign' | 'verify' | 'encrypt' | 'decrypt';
  readonly key: object;
  readonly header?: object;
  /** The payload, the plaintext, or the compact token or message. */
  readonly text: string;
}

const script = `
import json, sys
from jwcrypto import jwk, jws, jwe
def run(task):
    key = jwk.JWK(**task['key'])
    what, text, header = task['what'], task['text'], task.get('header')
    try:
        if what == 'sign':
            token = jws.JWS(text.encode())
            token.allowed_algs = [header['alg']]
            token.add_signature(key, None, json.dumps(header), None)
            return token.serialize(compact=True)
        if what == 'verify':
            token = jws.JWS()
            token.allowed_algs = [task['key']['alg']]
            token.deserialize(text, key)
            return token.payload.decode()
        if what == 'encrypt':
            message = jwe.JWE(text.encode(), json.dumps(header), algs=[header['alg'], header['enc']])
            message.add_recipient(key)
            return message.serialize(compact=True)
        message = jwe.JWE(algs=jwe.default_allowed_algs)
        message.deserialize(text, key)
        return message.payload.decode()
    except Exception as error:
        return 'refused: ' + type(error).__name__
print(json.dumps([run(task) for task in json.load(sys.stdin)]))
`;

/** The answers in the order of the tasks; `refused: ...` where it would not. */
export function askJwcrypto(tasks: readonly Task[]): string[] {
  const { stdout, stderr } = spawnSync(python, ['-c', script], {
    input: JSON.stringify(tasks),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}
