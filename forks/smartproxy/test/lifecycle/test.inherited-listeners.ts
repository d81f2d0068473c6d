import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { SmartProxy } from '@dcrouter/smartproxy';
import { forwardTo, RawClient, startHttp, startProxy } from '../helpers/proxy.ts';

interface IReply {
  readonly open: boolean[];
  readonly total?: number;
  readonly error?: string;
}

const linuxOnly = process.platform === 'linux' ? false : 'descriptors are read from /proc';
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

/** The sockets that this process holds, by the system's numbers. */
function sockets(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** A child that has `fds` as 3, 4, …, for these ports. */
function successor(t: TestContext, ports: readonly number[], fds: readonly number[]): ChildProcess {
  const child = fork(new URL('./successor.ts', import.meta.url), [JSON.stringify(ports)], {
    stdio: ['ignore', 'inherit', 'inherit', ...fds, 'ipc'],
  });
  t.after(async () => {
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
    await ended;
  });
  return child;
}

async function tell(child: ChildProcess, order: object): Promise<IReply> {
  const reply = once(child, 'message');
  child.send(order);
  return ((await reply) as [IReply])[0];
}

async function get(port: number): Promise<string> {
  const client = await RawClient.open(port);
  client.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  return await client.whole();
}

test(
  'a successor takes the port while it serves: nobody is refused, and each side closes its descriptor once',
  { skip: linuxOnly },
  async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('ok'));
    const { proxy, port } = await startProxy(t, [forwardTo(backend.port)]);
    const bound = port(8080);
    const handle = proxy.listenerHandles().get(8080)!;
    const socket = readlinkSync(`/proc/self/fd/${handle.fd}`);
    const child = successor(t, [bound], [handle.fd]);
    assert.deepEqual(await tell(child, { routes: [{ port: bound, target: backend.port }] }), {
      open: [true],
      total: 0,
    });
    const idle = await RawClient.open(bound);
    idle.send(GET);
    await idle.has('ok');
    const stopped = proxy.stop({ drainTimeout: 5_000, idleGrace: 5_000 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(bound)));
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.equal(proxy.listenerHandles().size, 0);
    const { total } = await tell(child, {});
    // The idle connection may be the successor's: both accept while both listen.
    if (proxy.stats.getTotalConnections() === 1) {
      idle.send(GET);
      assert.match(await idle.whole(), /Connection: close/);
    }
    idle.socket.destroy();
    await stopped;
    assert.equal(proxy.stats.getTotalConnections() + total!, 51, 'every connection is counted by one of both');
    assert.deepEqual(await tell(child, { stop: true }), { open: [false], total });
    await assert.rejects(RawClient.open(bound), { code: 'ECONNREFUSED' });
    assert.ok(!sockets().includes(socket), 'the old process has let go of the socket');
  },
);

test(
  'a port that a later update opens takes its socket then; when another cannot be opened the taken one is closed',
  {
    skip: linuxOnly,
  },
  async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('ok'));
    const portOf = (server: Server): number => (server.address() as AddressInfo).port;
    const fdOf = (server: Server): number => (server as unknown as { _handle: { fd: number } })._handle.fd;
    const servers = Array.from({ length: 3 }, () => createServer().listen(0, '127.0.0.1'));
    await Promise.all(servers.map((server) => once(server, 'listening')));
    // Ports are opened in their order: the busy one must come last.
    const [first, second, busy] = servers.sort((one, other) => portOf(one) - portOf(other)) as [Server, Server, Server];
    t.after(() => busy.close());
    const ports = [portOf(first), portOf(second)];
    const child = successor(t, ports, [fdOf(first), fdOf(second)]);
    const routes = ports.map((port) => ({ port, target: backend.port }));
    await tell(child, { routes: routes.slice(0, 1) });
    for (const server of [first, second]) server.close();
    assert.match(await get(ports[0]!), /200 OK/);
    const refused = await tell(child, { routes: [...routes, { port: portOf(busy), target: 1 }] });
    assert.match(refused.error!, new RegExp(`port ${portOf(busy)} is in use`));
    assert.deepEqual(refused.open, [true, false], 'what was opened for the update is closed again');
    assert.match(await get(ports[0]!), /200 OK/);
    const updated = await tell(child, { routes });
    assert.deepEqual(updated.error, undefined, 'a socket is taken once; then the port is bound');
    assert.match(await get(ports[1]!), /200 OK/);
  },
);

test('a descriptor that is no listening socket fails the start and names port and descriptor', async () => {
  const fd = openSync(new URL(import.meta.url), 'r');
  const proxy = new SmartProxy({ routes: [forwardTo(1)], takeListener: () => fd });
  await assert.rejects(proxy.start(), {
    code: 'PROXY_LISTEN_FAILED',
    message: new RegExp(`port 8080: the inherited descriptor ${fd} `),
  });
  closeSync(fd);
});

test('workers bind their ports themselves: the option is refused', () => {
  assert.throws(() => new SmartProxy({ routes: [forwardTo(1)], workers: 1, takeListener: () => 3 }), {
    name: 'OptionsError',
    message: /takeListener: cannot be used with workers/,
  });
});

test('idle connections get no grace unless asked for', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { proxy, port } = await startProxy(t, [forwardTo(backend.port)]);
  const idle = await RawClient.open(port(8080));
  idle.send(GET);
  await idle.has('ok');
  const stopped = proxy.stop({ drainTimeout: 60_000 });
  await idle.until(({ ended }) => ended);
  idle.socket.destroy();
  await stopped;
});
