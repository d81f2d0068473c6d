// Targets and clients in every mood: they answer, break off, say nonsense, fall silent, reset, end their side. Nobody is
// kept for ever, and the laws hold behind all of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createServer as createTls, TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { setBounds } from '../helpers/bounds.ts';
import { seededRandom } from '../helpers/random.ts';
import { RawClient, forwardTo, startProxy } from '../helpers/proxy.ts';

const SEED = Number(process.env.SEED ?? 20_261_127);
const CLIENTS = Number(process.env.CLIENTS ?? 100);
const AT_ONCE = 10;
const { key, cert } = selfSignedCertificate(['a.test']);
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

type TNext = (below: number) => number;

/** What a target says to a request, and whether it leaves then: in order, at once, or not at all. */
const MOODS: ReadonlyArray<readonly [string, 'end' | 'reset' | 'stay']> = [
  ['', 'end'],
  ['', 'reset'],
  ['', 'stay'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 'end'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 'reset'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nZZ\r\n', 'stay'],
  ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello', 'end'],
  ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello', 'stay'],
  ['HTTP/1.1 200 OK\r\n\r\nuntil the end', 'end'],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'stay'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more', 'stay'],
  ['nonsense\r\n\r\n', 'stay'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'stay'],
  [`HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`, 'stay'],
  [`HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`, 'end'],
];

const host = 'Host: a.test\r\n';
const REQUESTS: readonly string[] = [
  `GET / HTTP/1.1\r\n${host}\r\n`,
  `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`,
  `POST / HTTP/1.1\r\n${host}Content-Length: 50000\r\n\r\n${'b'.repeat(50_000)}`,
  `POST / HTTP/1.1\r\n${host}Content-Length: 50000\r\n\r\n${'b'.repeat(100)}`,
  `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
  `POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
  'GET / HTT',
];

function leave(socket: Socket, how: 'end' | 'reset' | 'stay'): void {
  if (how === 'end') socket.end();
  else if (how === 'reset') {
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }
}

async function startTarget(t: TestContext, isTls: boolean, next: TNext): Promise<number> {
  const onSocket = (socket: Socket): void => {
    const [says, how] = MOODS[next(MOODS.length)]!;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      if (!bytes.includes('HTTP/1.1\r\n') || socket.writableEnded) return;
      socket.write(says, () => leave(socket, how));
    });
    socket.on('end', () => leave(socket, 'end'));
  };
  const server = isTls ? createTls({ key, cert }, onSocket) : createServer({ allowHalfOpen: true }, onSocket);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function visit(client: RawClient, next: TNext): Promise<void> {
  for (let left = 1 + next(4); left > 0 && !client.closed; left -= 1) {
    client.send(REQUESTS[next(REQUESTS.length)]!);
    if (next(10) === 0) client.socket.pause();
    for (let turns = next(6); turns > 0; turns -= 1) await turn();
  }
  const how = (['end', 'reset', 'stay'] as const)[next(3)]!;
  leave(client.socket, how);
  client.socket.resume();
  if (how !== 'reset') await client.until(({ ended, closed }) => ended || closed).catch(() => {});
  client.socket.destroy();
}

for (const kind of ['auto', 'net', 'terminate', 'terminate-and-reencrypt'] as const) {
  test(`every connection comes to its end, and is counted as it was: ${kind} (seed ${SEED})`, async (t) => {
    const short = { bodyMs: 300, responseMs: 300, keepAliveMs: 300, headMs: 300, halfOpenMs: 300, connectMs: 1_000 };
    setBounds(t, { ...short, lingerMs: 200, inactivityMs: 50 });
    const random = seededRandom(SEED);
    const next: TNext = (below) => Math.floor(random() * below);
    const isTls = kind !== 'auto' && kind !== 'net';
    const route = forwardTo(await startTarget(t, kind === 'terminate-and-reencrypt', next));
    const tls = { certificate: { key, cert }, backend: { ca: cert } };
    if (kind === 'terminate') route.action.tls = { mode: kind, certificate: tls.certificate };
    else if (kind === 'terminate-and-reencrypt') route.action.tls = { mode: kind, ...tls };
    const { port, ledger, proxy } = await startProxy(t, [route], isTls ? {} : { sockets: kind });
    const at = port(8080);
    const visitor = async (): Promise<void> => {
      for (let left = CLIENTS / AT_ONCE; left > 0; left -= 1) {
        await visit(isTls ? await RawClient.openTls(at, 'a.test') : await RawClient.open(at), next);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, visitor));
    await ledger.settled();
    // Who resets before it is looked at leaves no address to be counted under.
    assert.ok(proxy.stats.getTotals().connections <= CLIENTS);
    await ledger.assertLaws();
  });
}
