// What servers answer, whoever asks them and however, for the watch over private keys (leaks.ts): those of this
// process, and those of commands in processes of their own.
import type { ServerResponse } from 'node:http';

/** Told of the head and of each piece of a body. Has no names from outside: it also runs in the commands' processes. */
export function watchAnswers(
  prototype: ServerResponse,
  note: (answer: ServerResponse, text: string, part: 'head' | 'body') => void,
): void {
  // No answer of ours comes near this; those that tests make up to fill a connection do.
  const most = 1_000_000;
  const see = (answer: ServerResponse, piece: unknown): void => {
    if (typeof piece === 'string' || piece instanceof Uint8Array)
      note(answer, Buffer.from(piece.slice(0, most)).toString(), 'body');
  };
  const { write, end } = prototype;
  prototype.write = function (this: ServerResponse, ...args: unknown[]) {
    see(this, args[0]);
    return Reflect.apply(write, this, args);
  } as typeof write;
  prototype.end = function (this: ServerResponse, ...args: unknown[]) {
    see(this, args[0]);
    const answer = Reflect.apply(end, this, args);
    // Headers that `writeHead` was given are nowhere else.
    note(this, String(Reflect.get(this, '_header')), 'head');
    return answer;
  } as typeof end;
}

/** Where its server listens: a port or the path of a socket. A server that has stopped does not know it any more. */
export function placeOf({ req }: ServerResponse): string | undefined {
  const address = Reflect.get(Object(req.socket), 'server')?.address?.();
  return typeof address === 'string' ? address : address?.port?.toString();
}
