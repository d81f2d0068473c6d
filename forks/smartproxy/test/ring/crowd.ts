// Many sockets in the ring at once, each with its peer, opened in waves that listeners take.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connectSocket } from '../../ts/connection/sockets.ts';
import type { Ring } from '../../ts/ring/ring.ts';
import { KINDS, KeepingOwner, moveIn } from '../sockets/owner.ts';
import type { IPair } from './turn.ts';

const WAVE = 200;

export async function startCrowd(t: TestContext, ring: Ring, count: number): Promise<IPair[]> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const peers = new Map<number, Socket>();
  server.on('connection', (peer: Socket) => {
    peer.on('error', () => {});
    peers.set(peer.remotePort!, peer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pairs: IPair[] = [];
  t.after(() => {
    for (const { socket } of pairs) socket.destroy();
    for (const peer of peers.values()) peer.destroy();
    server.close();
  });
  while (pairs.length < count) {
    const owners = Array.from({ length: Math.min(WAVE, count - pairs.length) }, () => new KeepingOwner());
    for (const owner of owners) connectSocket(owner, '127.0.0.1', port, KINDS.ring);
    for (const owner of owners) {
      const socket = await owner.connected;
      const name = { port: 0 };
      (socket as unknown as { handle: { getsockname(out: object): number } }).handle.getsockname(name);
      while (!peers.has(name.port)) await once(server, 'connection');
      const pair = { socket, owner, peer: peers.get(name.port)! };
      await moveIn(ring, socket, owner, pair.peer);
      pairs.push(pair);
    }
  }
  return pairs;
}

/** Resolves when every owner of a crowd was told of something. */
export async function all(pairs: IPair[], told: (pair: IPair) => boolean): Promise<void> {
  for (let turns = 0; turns < 20_000; turns += 1) {
    if (pairs.every(told)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${pairs.filter((pair) => !told(pair)).length} of ${pairs.length} were not told`);
}
