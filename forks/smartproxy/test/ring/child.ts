// A process of its own that uses a ring as its first argument says, and tells of it in one line of JSON.
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { SmartProxy } from '@dcrouter/smartproxy';
import { connectSocket } from '../../ts/connection/sockets.ts';
import { moves } from '../../ts/ring/moves.ts';
import { acquireRing, releaseRing } from '../../ts/ring/rings.ts';
import type { Ring } from '../../ts/ring/ring.ts';
import { KINDS, KeepingOwner, doorOf, moveIn } from '../sockets/owner.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const tell = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

function take(): Ring {
  const ring = acquireRing();
  if (typeof ring === 'string') throw new Error(ring);
  moves.reads = 1;
  moves.readsAgain = 1;
  return ring;
}

async function open(ring: Ring, port: number, peerOf: () => Promise<Socket>) {
  const owner = new KeepingOwner();
  connectSocket(owner, '127.0.0.1', port, KINDS.ring);
  const socket = await owner.connected;
  const peer = await peerOf();
  await moveIn(ring, socket, owner, peer);
  return { socket, owner, peer };
}

async function listen() {
  const server = createServer({ noDelay: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  const peerOf = once(server, 'connection').then(([peer]) => peer as Socket);
  await once(server, 'listening');
  return { server, peerOf, port: (server.address() as AddressInfo).port };
}

/** A connection to somebody else, and nothing else that keeps the process running. */
async function alive(port: string): Promise<void> {
  const ring = take();
  const owner = new KeepingOwner();
  connectSocket(owner, '127.0.0.1', Number(port), KINDS.ring);
  const socket = await owner.connected;
  socket.mayUseRing(doorOf(ring));
  owner.onBytes = (_source, bytes, start, end) =>
    void socket.write(ring.draining ? bytes.toString('latin1', start, end) : 'by its handle', 'latin1');
  owner.onSocketEnd = () => {
    socket.destroy();
    // The ring stays open, with nobody in it.
    tell({ users: ring.users });
  };
}

/** Descriptors and mappings of rings, and what memory the process has. */
function held() {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  const maps = readFileSync('/proc/self/maps', 'latin1').split('\n');
  (globalThis as unknown as { gc(): void }).gc();
  return {
    descriptors: links.length,
    rings: links.filter((link) => link.includes('io_uring')).length,
    maps: maps.filter((line) => line.includes('io_uring')).length,
    lines: maps.length,
    megabytes: Math.round(process.memoryUsage.rss() / 1e6),
  };
}

async function rounds(): Promise<void> {
  const round = async (): Promise<void> => {
    const ring = take();
    const { server, peerOf, port } = await listen();
    const { socket, owner, peer } = await open(ring, port, () => peerOf);
    owner.onBytes = () => void socket.write('back', 'latin1');
    peer.write('there');
    await once(peer, 'data');
    socket.destroy();
    // The ring closes once the last socket is out of it.
    releaseRing();
    peer.destroy();
    server.close();
    await once(server, 'close');
    while (ring.users > 0) await nextTurn();
    await nextTurn();
  };
  for (let count = 0; count < 10; count += 1) await round();
  await nextTurn();
  const before = held();
  for (let count = 0; count < 50; count += 1) await round();
  await nextTurn();
  tell({ before, after: held() });
}

/** Four echoes, of which two throw at what they are told, in the same turn as the others. */
async function throws(): Promise<void> {
  const ring = take();
  const errors: string[] = [];
  process.on('uncaughtException', (error) => errors.push(error.message));
  const pairs = [];
  for (let at = 0; at < 4; at += 1) {
    const { server, peerOf, port } = await listen();
    const pair = await open(ring, port, () => peerOf);
    server.close();
    let got = '';
    pair.owner.onBytes = (_source, bytes, start, end) => {
      const text = bytes.toString('latin1', start, end);
      pair.socket.write(text, 'latin1');
      if (at % 2 === 1) throw new Error(`${at} ${text}`);
    };
    pair.peer.on('data', (part: Buffer) => (got += part.toString()));
    pairs.push({ ...pair, got: () => got });
  }
  for (let round = 0; round < 5; round += 1) {
    for (const { peer } of pairs) peer.write(String(round));
    while (!pairs.every(({ got }) => got().length > round)) await nextTurn();
  }
  for (const { socket, peer } of pairs) {
    socket.destroy();
    peer.destroy();
  }
  releaseRing();
  while (ring.users > 0) await nextTurn();
  tell({ errors: errors.sort(), got: pairs.map(({ got }) => got()), draining: ring.draining });
}

/** A proxy that was asked for a ring, and what its logger is told. */
async function proxy(): Promise<void> {
  const lines: unknown[] = [];
  const log = (message: string, fields?: object): void => void lines.push({ message, ...fields });
  const target = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as AddressInfo;
  const running = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    sockets: 'ring',
    logger: { debug: () => {}, info: () => {}, warn: log, error: log } as never,
    routes: [{ match: { ports: 9000 }, action: { type: 'forward', targets: [{ host: '127.0.0.1', port }] } }],
  });
  await running.start();
  const client = connect(running.listeningPort(9000)!, '127.0.0.1');
  client.write('ping');
  const [bytes] = (await once(client, 'data')) as [Buffer];
  client.destroy();
  await running.stop({ drainTimeout: 0 });
  target.close();
  tell({ lines, echoed: bytes.toString() });
}

const [what = '', ...rest] = process.argv.slice(2);
await ({ alive, rounds, throws, proxy } as Record<string, (port: string) => Promise<void>>)[what]!(rest[0] ?? '');
