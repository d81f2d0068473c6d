// Worker processes behind one proxy: one set of numbers, one set of events, one TLS server.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import {
  createHttpToHttpsRedirect,
  createSocketHandlerRoute,
  SmartProxy,
  SocketHandlers,
  type IRouteConfig,
} from '@dcrouter/smartproxy';
import { forwardTo, RawClient, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';
import { connectionsClosed, fetchOnce, until } from './cluster.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

test('two workers count what their clients count, and keep the laws', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('x'.repeat(1_000)));
  const { proxy, ledger, port } = await startProxy(t, [forwardTo(backend.port)], { workers: 2 });
  const { pids } = proxy.getWorkerStats()!;
  assert.equal(pids.length, 2);
  assert.ok(!pids.includes(process.pid));
  const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.open(port(8080))));
  let bytesIn = 0;
  let bytesOut = 0;
  await Promise.all(
    clients.map(async (client) => {
      client.send(GET);
      await client.has('x'.repeat(1_000));
      client.socket.end();
      await client.whole();
      bytesIn += client.socket.bytesWritten;
      bytesOut += client.socket.bytesRead;
    }),
  );
  await connectionsClosed(proxy, 40);
  const shot = proxy.stats.snapshot();
  assert.equal(shot.totals.connections, 40);
  assert.equal(shot.totals.requests, 40);
  assert.equal(shot.totals.bytesIn, bytesIn);
  assert.equal(shot.totals.bytesOut, bytesOut);
  const web = shot.routes.find(({ routeName }) => routeName === 'web')!;
  assert.equal(web.statusClasses['2xx'], 40);
  assert.equal(web.latency.count, 40);
  assert.equal(web.latency.buckets.at(-1)!.count, 40);
  assert.ok(web.latency.p99Ms > 0 && web.latency.p99Ms <= web.latency.maxMs);
  assert.deepEqual(proxy.stats.getTopClients(1), [{ clientIp: '127.0.0.1', count: 40, maxError: 0 }]);
  assert.equal(new Set(ledger.opens.map(({ connectionId }) => connectionId)).size, 40);
  assert.equal(proxy.getMetrics().requests.total(), 40);
  const processes = new Set(ledger.opens.map(({ connectionId }) => connectionId.split('-')[1]));
  assert.equal(processes.size, 2, 'both workers served');
});

test('open connections of all workers are counted', async (t) => {
  const backend = await startTcp(t, (socket) => socket.pipe(socket));
  const route = { ...forwardTo(backend.port), match: { ports: 8080 } };
  const { proxy, port } = await startProxy(t, [route], { workers: 2 });
  const clients = await Promise.all(Array.from({ length: 12 }, () => RawClient.open(port(8080))));
  await until(() => proxy.stats.getActiveConnections() === 12);
  assert.equal(proxy.stats.getConnectionsByIP().get('127.0.0.1'), 12);
  assert.equal(proxy.stats.getConnectionsByRoute().get('web'), 12);
  for (const client of clients) client.socket.destroy();
});

test('new routes are served by every worker, on ports that open and close with them', async (t) => {
  const one = await startHttp(t, (_request, response) => response.end('one'));
  const two = await startHttp(t, (_request, response) => response.end('two'));
  const { proxy, port } = await startProxy(t, [forwardTo(one.port)], { workers: 2 });
  const ask = async (routePort: number): Promise<string> => (await fetchOnce(port(routePort))).text;
  assert.equal(await ask(8080), 'one');
  await proxy.updateRoutes([forwardTo(two.port), forwardTo(one.port, { name: 'more' }, { ports: 8081 })]);
  const texts = await Promise.all(Array.from({ length: 20 }, () => ask(8080)));
  assert.deepEqual(new Set(texts), new Set(['two']));
  assert.equal(await ask(8081), 'one');
  assert.deepEqual(proxy.getListeningPorts(), [8080, 8081]);
  const closing = port(8081);
  await proxy.updateRoutes([forwardTo(two.port)]);
  await assert.rejects(RawClient.open(closing), { code: 'ECONNREFUSED' });
  assert.equal(await ask(8080), 'two');
});

test('a worker that is killed is replaced, its counts stay, its connections are closed in the books', async (t) => {
  const backend = await startTcp(t, (socket) => socket.pipe(socket));
  const route = { ...forwardTo(backend.port), match: { ports: 8080 } };
  const { proxy, ledger, port } = await startProxy(t, [route], { workers: 2 });
  const clients = await Promise.all(Array.from({ length: 16 }, () => RawClient.open(port(8080))));
  await Promise.all(
    clients.map(async (client) => {
      client.send('hello');
      await client.has('hello');
    }),
  );
  await until(() => proxy.stats.getTotals().bytesOut === 16 * 5 && ledger.opens.length === 16);
  const [victim] = proxy.getWorkerStats()!.pids;
  process.kill(victim!, 'SIGKILL');
  await until(() => proxy.getWorkerStats()!.replaced === 1);
  const after = proxy.getWorkerStats()!;
  assert.deepEqual({ ...after, pids: after.pids.length }, { configured: 2, running: 2, died: 1, replaced: 1, pids: 2 });
  assert.ok(!after.pids.includes(victim!));
  const died = proxy.stats.getTerminationReasons().get('worker-died') ?? 0;
  assert.equal(proxy.stats.getActiveConnections(), 16 - died);
  assert.equal(ledger.closes.length, died);
  assert.ok(ledger.closes.every(({ bytesIn, bytesOut }) => bytesIn === 5 && bytesOut === 5));
  assert.equal(proxy.stats.getTotals().bytesIn, 16 * 5);
  const more = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(port(8080))));
  await Promise.all(
    more.map(async (client) => {
      client.send('again');
      await client.has('again');
    }),
  );
  for (const client of [...clients, ...more]) client.socket.destroy();
  await connectionsClosed(proxy, 24);
  assert.equal(proxy.stats.getTotalConnections(), 24);
});

test('sessions are resumed by whichever worker is asked, with one certificate for all', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('ok'));
  const web = forwardTo(backend.port);
  const { key, cert } = selfSignedCertificate(['a.test']);
  const route: IRouteConfig = {
    ...web,
    action: { ...web.action, tls: { mode: 'terminate', certificate: { key, cert } } },
  };
  const { proxy, port } = await startProxy(t, [route], { workers: 2 });
  const handshake = async (session?: Buffer): Promise<{ socket: TLSSocket; session: Buffer }> => {
    const socket = connect({ port: port(8080), servername: 'a.test', rejectUnauthorized: false, session });
    let ticket = session;
    socket.on('session', (next) => (ticket = next));
    await once(socket, 'secureConnect');
    socket.write(GET);
    await once(socket, 'data');
    return { socket, session: ticket! };
  };
  const first = await handshake();
  const others = await Promise.all(Array.from({ length: 12 }, () => handshake(first.session)));
  assert.ok(others.every(({ socket }) => socket.isSessionReused()));
  for (const { socket } of [first, ...others]) socket.destroy();
  await connectionsClosed(proxy, 13);
  const { handshakes, resumptions } = proxy.stats.getTlsStats();
  assert.deepEqual({ handshakes, resumptions }, { handshakes: 13, resumptions: 12 });
});

test('the primary gets certificates, every worker serves them', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('ok'));
  const certificateStore = await mkdtemp(join(tmpdir(), 'certs-'));
  t.after(() => rm(certificateStore, { recursive: true, force: true }));
  const { key: privateKey, cert: publicKey } = selfSignedCertificate(['a.test']);
  const given = Promise.withResolvers<void>();
  const web = forwardTo(backend.port);
  const { proxy, port } = await startProxy(
    t,
    [{ ...web, action: { ...web.action, tls: { mode: 'terminate', certificate: 'auto' } } }],
    {
      workers: 2,
      acme: { enabled: false, certificateStore },
      certProvisionFunction: async (domainName) => {
        await given.promise;
        return { domainName, privateKey, publicKey };
      },
    },
  );
  const served = async (): Promise<string> => {
    const socket = connect({ port: port(8080), servername: 'a.test', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate()!;
    socket.destroy();
    return certificate.fingerprint256;
  };
  const servedByAll = async (): Promise<string[]> => [
    ...new Set(await Promise.all(Array.from({ length: 16 }, () => served()))),
  ];
  const placeholders = await servedByAll();
  assert.equal(placeholders.length, 1, 'one placeholder for all workers');
  const issued = once(proxy, 'certificate-issued');
  given.resolve();
  await issued;
  const wanted = new X509Certificate(publicKey).fingerprint256;
  while ((await served()) !== wanted);
  while ((await servedByAll()).join() !== wanted);
  assert.equal(proxy.getCertificateStatus('web')!.status, 'valid');
});

test('stop lets requests under way finish in the workers', async (t) => {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const backend = await startHttp(t, (_request, response) => {
    asked.resolve();
    void held.promise.then(() => response.end('late'));
  });
  const { proxy, port } = await startProxy(t, [forwardTo(backend.port)], { workers: 2 });
  const answer = fetchOnce(port(8080));
  await asked.promise;
  const drained = once(proxy, 'drained');
  const stopping = proxy.stop({ drainTimeout: 10_000 });
  held.resolve();
  assert.equal((await answer).text, 'late');
  await stopping;
  assert.equal((await drained)[0].forced, 0);
  assert.equal(proxy.getWorkerStats()!.running, 0);
  assert.equal(proxy.stats.getTotals().requests, 1);
  await proxy.start();
  assert.equal(proxy.getWorkerStats()!.running, 2);
});

test('stop leaves idle connections of workers their time for one more request', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('ok'));
  const { proxy, port } = await startProxy(t, [forwardTo(backend.port)], { workers: 2 });
  const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.open(port(8080))));
  const ask = async (client: RawClient): Promise<void> => {
    client.received = Buffer.alloc(0);
    client.send(GET);
    await client.until(({ text, ended }) => ended || text.endsWith('\r\n\r\nok'));
    assert.match(client.text, /ok$/);
  };
  await Promise.all(clients.map(ask));
  const drained = once(proxy, 'drained');
  const stopped = proxy.stop({ drainTimeout: 20_000, idleGrace: 20_000 });
  for (const client of clients) {
    // Until the worker knows that it stops, it answers as ever.
    do await ask(client);
    while (!client.text.includes('Connection: close'));
    client.socket.end();
  }
  await stopped;
  assert.equal((await drained)[0].forced, 0);
  assert.ok(proxy.stats.getTotals().requests >= 12);
});

test('redirects are data: workers answer them, and count them like every request', async (t) => {
  const { proxy, ledger, port } = await startProxy(t, [createHttpToHttpsRedirect('a.test')], { workers: 2 });
  const client = await RawClient.open(port(80));
  client.send(
    'GET /x?y HTTP/1.1\r\nHost: a.test\r\n\r\nHEAD /z HTTP/1.1\r\nHost: a.test:80\r\nConnection: close\r\n\r\n',
  );
  const text = await client.whole();
  assert.match(text, /^HTTP\/1\.1 301 [^]*Location: https:\/\/a\.test\/x\?y\r\n[^]*Location: https:\/\/a\.test\/z\r\n/);
  await until(() => ledger.requests.length === 2);
  assert.deepEqual(
    ledger.requests.map(({ path, statusCode, upstream }) => [path, statusCode, upstream]),
    [
      ['/x', 301, undefined],
      ['/z', 301, undefined],
    ],
  );
  const [process] = new Set(ledger.requests.map(({ connectionId }) => connectionId.split('-')[1]));
  assert.notEqual(process, undefined, 'a worker served');
  assert.equal(proxy.stats.getTotals().requests, 2);
  const route = proxy.stats.snapshot().routes.find(({ routeName }) => routeName.startsWith('HTTP to HTTPS'))!;
  assert.equal(route.statusClasses['3xx'], 2);
});

test('what cannot cross processes is refused by route and field', async () => {
  const handler = createSocketHandlerRoute('a.test', 8080, SocketHandlers.httpRedirect('https://{domain}{path}'));
  assert.throws(() => new SmartProxy({ routes: [handler], workers: 2 }), {
    code: 'PROXY_BAD_OPTIONS',
    message: /routes\[0\].*action\.socketHandler: is a function/,
  });
  const dynamic = forwardTo(1);
  dynamic.action.targets![0]!.host = () => 'localhost';
  const proxy = new SmartProxy({ routes: [forwardTo(1)], workers: 2 });
  await assert.rejects(proxy.updateRoutes([dynamic]), { field: 'routes[0] (web).action.targets[0].host' });
  assert.throws(() => new SmartProxy({ routes: [], workers: 0 }), { field: 'workers' });
  assert.throws(() => new SmartProxy({ routes: [], workers: 'many' as 'auto' }), { field: 'workers' });
});

test('a port in use stops the start, and no worker is left', async (t) => {
  const taken = await startTcp(t, () => {});
  const routes = [forwardTo(1, {}, { ports: taken.port })];
  const proxy = new SmartProxy({ routes, workers: 2, listenAddress: '127.0.0.1' });
  await assert.rejects(proxy.start(), { code: 'PROXY_LISTEN_FAILED' });
  assert.equal(proxy.getWorkerStats()!.running, 0);
});

test('what is said about a target reaches every worker, also one that starts later', async (t) => {
  const [one, two] = [
    await startHttp(t, (_request, response) => response.end('one')),
    await startHttp(t, (_request, response) => response.end('two')),
  ];
  const route = forwardTo(one.port);
  route.action.targets!.push({ host: '127.0.0.1', port: two.port });
  const { proxy, port } = await startProxy(t, [route], { workers: 2 });
  const seen = async (): Promise<Set<string>> =>
    new Set((await Promise.all(Array.from({ length: 24 }, () => fetchOnce(port(8080))))).map(({ text }) => text));
  assert.deepEqual(await seen(), new Set(['one', 'two']));
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { state: 'drain' });
  // Orders are carried out in turn: once the routes are there, the state is.
  await proxy.updateRoutes([route]);
  assert.deepEqual(await seen(), new Set(['two']));
  const [pid] = proxy.getWorkerStats()!.pids;
  process.kill(pid!, 'SIGKILL');
  await until(() => proxy.getWorkerStats()!.replaced === 1);
  assert.deepEqual(await seen(), new Set(['two']));
  const stats = proxy.stats.getUpstreamStats().find(({ target }) => target === `127.0.0.1:${one.port}`);
  assert.equal(stats!.state, 'drain');
});
