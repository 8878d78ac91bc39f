// A network that a test can make silent: connections stay, and nothing comes through.
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A network between the server and its database that can swallow everything, in both directions. */
export async function networkTo(url: string) {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => to.destroy());
      from.on('data', (chunk) => {
        if (!isFrozen) to.write(chunk);
      });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = proxy.address();
  const through = new URL(url);
  through.port = String(typeof address === 'object' ? address?.port : undefined);
  const freeze = (is: boolean) => {
    isFrozen = is;
  };
  return { url: through.href, freeze };
}
