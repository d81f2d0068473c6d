/**
 * Many datagrams at once from one socket, as a busy resolver sends them.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const lateMs = 5_000;

/** Sends all packets at once; resolves with the answers by id when `expected` of them, or that id, came, or late. */
export async function burst(
  port: number,
  packets: readonly Buffer[],
  expected: number | { readonly id: number },
  host = '127.0.0.1',
): Promise<Map<number, Buffer>> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4_000_000 }).bind(0, host);
  await once(socket, 'listening');
  const answers = new Map<number, Buffer>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const late = setTimeout(resolve, lateMs);
  socket.on('message', (message) => {
    answers.set(message.readUInt16BE(0), message);
    if (typeof expected === 'number' ? answers.size === expected : answers.has(expected.id)) {
      resolve();
    }
  });
  for (const [at, packet] of packets.entries()) {
    socket.send(packet, port, host);
    // The kernel of a machine with small buffers drops what one turn has no room for.
    if (at % 100 === 99) {
      await new Promise((next) => setImmediate(next));
    }
  }
  await promise;
  clearTimeout(late);
  socket.close();
  return answers;
}
