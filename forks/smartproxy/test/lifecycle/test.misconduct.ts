// Clients and targets that misbehave by chance, all at once, while routes are replaced: afterwards every law holds, and
// nothing is left open or waiting.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { hashPassword } from '../../ts/security/password-hash.ts';
import { forwardTo, startProxy, startTcp } from '../helpers/proxy.ts';
import { seededRandom } from '../helpers/random.ts';

const SEED = Number(process.env['MISCONDUCT_SEED'] ?? 1);
const ROUNDS = Number(process.env['MISCONDUCT_ROUNDS'] ?? 4);

class Chance {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  is(share: number): boolean {
    return this.#random() < share;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** Node loses the handle of a socket that is reset while its end is under way, and its process then never exits. */
function reset(socket: Socket): void {
  if (socket.writableEnded || socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** What a target does with a request. */
const deeds: ReadonlyArray<(socket: Socket) => unknown> = [
  (socket) => socket.write(OK),
  (socket) => socket.write(OK),
  (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`),
  (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
  (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`),
  (socket) => socket.write(`${OK}EXTRA`),
  (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nbytes'),
  (socket) => socket.write('SSH-2.0-x\r\n\r\n'),
  (socket) => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end'),
  (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'),
  (socket) => socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n'),
  reset,
  (socket) => setTimeout(() => socket.write(OK), 20),
  () => 'nothing at all',
];

async function startTarget(t: TestContext, chance: Chance): Promise<number> {
  const { port } = await startTcp(t, (socket) => {
    let text = '';
    socket.on('end', () => chance.is(0.9) && socket.end());
    socket.on('data', (bytes: Buffer) => {
      if (chance.is(0.02)) socket.destroy();
      text += bytes.toString('latin1');
      for (let at = text.indexOf('\r\n\r\n'); at !== -1 && !socket.destroyed; at = text.indexOf('\r\n\r\n')) {
        text = text.slice(at + 4);
        chance.of(deeds)(socket);
      }
    });
  });
  return port;
}

function message(chance: Chance): string {
  const host = chance.of(['a.test', 'a.test', 'b.test', 'unknown.test']);
  const auth = host === 'b.test' ? `Authorization: Basic ${btoa(chance.of(['u:p', 'u:x']))}\r\n` : '';
  const upgrade = chance.is(0.1) ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : '';
  const target = chance.of(['/', '/queue/1', '/x?y']);
  const body = 'b'.repeat(chance.of([0, 10, 100_000]));
  const fields = `Host: ${host}\r\n${auth}`;
  return chance.of([
    `GET ${target} HTTP/1.1\r\n${fields}${upgrade}\r\n`,
    `GET ${target} HTTP/1.1\r\n${fields}${upgrade}\r\n`,
    `POST ${target} HTTP/1.1\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`,
    `POST ${target} HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    `POST ${target} HTTP/1.1\r\n${fields}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
    `POST ${target} HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `GET ${target} HTTP/1.0\r\n${fields}\r\n`,
    'GARBAGE\r\n\r\n',
  ]);
}

/** Sends some messages, whole or not, and leaves in some way. */
async function misbehave(chance: Chance, socket: Socket, isTls: boolean): Promise<void> {
  socket.on('error', () => {}).on('data', () => {});
  if (chance.is(0.2)) socket.pause();
  for (let left = 1 + chance.below(4); left > 0 && !socket.destroyed; left -= 1) {
    const text = message(chance);
    socket.write(chance.is(0.15) ? text.slice(0, chance.below(text.length)) : text, 'latin1');
    if (chance.is(0.5)) await pause(chance.below(15));
  }
  const end = chance.of(['destroy', 'reset', 'end', 'stay', 'stay']);
  if (end === 'destroy' || (end === 'reset' && isTls)) socket.destroy();
  else if (end === 'reset') reset(socket);
  else if (end === 'end') socket.end();
  await pause(chance.below(60));
  if (chance.is(0.5)) await pause(300);
  socket.destroy();
}

for (const [sockets, isTls, workers] of [
  ['auto', false, undefined],
  ['net', false, undefined],
  ['auto', true, undefined],
  ['auto', false, 2],
] as const) {
  const what = `sockets: ${sockets}, TLS: ${isTls}, workers: ${workers ?? 'none'}, seed ${SEED}`;
  test(`misconduct of every kind, ${what}`, { timeout: 120_000 }, async (t) => {
    const chance = new Chance(SEED);
    const port = await startTarget(t, chance);
    const passwordHash = await hashPassword('p');
    const { key, cert } = selfSignedCertificate(['a.test', 'b.test']);
    const routes = (turn: number): IRouteConfig[] => {
      const rateLimit = { enabled: true, maxRequests: 200, window: 1 };
      const basicAuth = { enabled: true, users: [{ username: 'u', passwordHash }] };
      const queue = forwardTo(port, { name: 'queue' }, { path: '/queue/*' });
      queue.action.advanced = { maxConnectionsPerTarget: 3, targetQueueSize: 5, targetQueueTimeout: 100, timeout: 400 };
      const list = [
        forwardTo(port, { security: { maxConnections: 200 }, headers: { response: { 'X-Turn': `${turn}` } } }),
        forwardTo(port, { name: 'guarded', security: { rateLimit, basicAuth } }, { domains: 'b.test' }),
        queue,
      ];
      if (isTls) for (const route of list) route.action.tls = { mode: 'terminate', certificate: { key, cert } };
      return list;
    };
    const {
      proxy,
      ledger,
      port: bound,
    } = await startProxy(t, routes(0), {
      sockets,
      workers,
      socketTimeout: 500,
      initialDataTimeout: 500,
      connectionTimeout: 500,
      inactivityTimeout: 500,
      keepAliveTreatment: 'standard',
    });
    for (let round = 1; round <= ROUNDS; round += 1) {
      const clients = Array.from({ length: 40 }, async () => {
        const where = { host: '127.0.0.1', port: bound(8080), allowHalfOpen: true };
        const servername = chance.of(['a.test', 'b.test', 'unknown.test']);
        const socket = isTls ? connectTls({ ...where, servername, rejectUnauthorized: false }) : connect(where);
        await misbehave(chance, socket, isTls);
      });
      await Promise.all([...clients, proxy.updateRoutes(routes(round))]);
    }
    // The laws are checked when the proxy is stopped.
    await ledger.settled();
    assert.ok(proxy.stats.getUpstreamStats().every(({ waiting }) => waiting === 0));
    assert.ok(proxy.stats.getTotals().requests > 0);
  });
}
