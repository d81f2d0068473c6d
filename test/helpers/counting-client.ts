/**
 * A TCP client that counts its own bytes: the independent witness for every byte law.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface IExchange {
  readonly text: string;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** The error that ended the connection, if it did not end in order. */
  readonly error?: NodeJS.ErrnoException;
}

/**
 * Sends `request` on a fresh connection and reads until the other side closes.
 *
 * @param until - ends the connection from our side once the text received so far satisfies it
 */
export async function rawExchange(
  port: number,
  request: string | Buffer,
  until?: (text: string) => boolean,
): Promise<IExchange> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  let error: NodeJS.ErrnoException | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (until?.(text)) socket.end();
  });
  socket.on('error', (cause) => {
    error = cause;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(request);
  await closed;
  return { text, bytesSent: socket.bytesWritten, bytesReceived: socket.bytesRead, error };
}

/** Resolves when the socket has delivered at least `text`. */
export async function readUntil(socket: Socket, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of on(socket)) {
    text += chunk;
    if (pattern.test(text)) return text;
  }
  throw new Error(`the connection closed before ${pattern}; it delivered ${JSON.stringify(text)}`);
}

async function* on(socket: Socket): AsyncGenerator<string> {
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) yield chunk.toString('latin1');
    else if (socket.readableEnded || socket.destroyed) return;
    else await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}
