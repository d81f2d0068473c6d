// The same traffic through one process and through workers: the same answers, numbers and events.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { generateV2 } from '#proxy/proxy-protocol/index';
import { SmartProxy, type IProxySnapshot, type IRouteConfig, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startTcp } from '../helpers/proxy.ts';
import { frame } from '../websocket/frame.ts';

const EVENTS = [
  'connection-open',
  'connection-upgrade',
  'connection-close',
  'connection-rejected',
  'request-completed',
  'request-refused',
  'upstream-error',
  'tls-error',
  'routes-updated',
  'listening',
  'drained',
] as const;

/** What differs between any two runs. */
const UNLIKE = new Set([
  'connectionId',
  'timestamp',
  'duration',
  'clientPort',
  'localPort',
  'upstreamLatency',
  'ports',
]);

/** A signature of the TLS handshake is a byte longer or shorter by chance. */
const SIGNED = new Set(['bytesOut', 'bytesTransferred']);

interface IPlay {
  readonly answers: string[];
  readonly events: string[];
  readonly numbers: object;
}

interface ITargets {
  readonly http: number;
  readonly echo: number;
  readonly upgrades: number;
  readonly closed: number;
}

const certificate = selfSignedCertificate(['a.test']);

function routesTo({ http, echo, upgrades, closed }: ITargets): IRouteConfig[] {
  const [plain, dead, secure, sockets] = [forwardTo(http), forwardTo(closed), forwardTo(http), forwardTo(upgrades)];
  const { key, cert } = certificate;
  return [
    { ...plain, security: { ipBlockList: ['192.0.2.66'] } },
    { ...dead, name: 'dead', match: { ports: 8080, domains: 'dead.test' } },
    {
      ...forwardTo(http),
      name: 'guarded',
      match: { ports: 8080, domains: 'guarded.test' },
      security: { basicAuth: { enabled: true, users: [{ username: 'u', password: 'p' }] } },
    },
    {
      ...sockets,
      name: 'socket',
      match: { ports: 8080, domains: 'socket.test' },
      action: { ...sockets.action, websocket: { enabled: true, maxPayloadSize: 100 } },
    },
    {
      ...secure,
      name: 'tls',
      match: { ports: 8443, domains: 'a.test' },
      action: { ...secure.action, tls: { mode: 'terminate', certificate: { key, cert } } },
    },
    { name: 'raw', match: { ports: 9000 }, action: { type: 'forward', targets: [{ host: '127.0.0.1', port: echo }] } },
    {
      name: 'moved',
      match: { ports: 8080, domains: 'moved.test' },
      action: { type: 'forward', redirect: { to: 'https://a.test{path}' } },
    },
  ];
}

const request = (host: string, path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;

/** One client after the other, so that what happens is the same every time. */
async function traffic(portOf: (port: number) => number): Promise<string[]> {
  const answers: string[] = [];
  const whole = async (port: number, ...parts: Array<string | Buffer>): Promise<void> => {
    const client = await RawClient.open(portOf(port));
    for (const part of parts) client.socket.write(part, 'latin1');
    answers.push((await client.whole()).replace(/Date: [^\r]*/g, 'Date:'));
  };
  const from = (sourceIp: string): Buffer =>
    generateV2({ sourceIp, sourcePort: 4_711, destinationIp: '192.0.2.1', destinationPort: 80 });
  await whole(8080, request('a.test', '/one'));
  await whole(8080, request('a.test', '/two').replace('Connection: close\r\n', '') + request('a.test', '/three'));
  await whole(8080, from('192.0.2.7'), request('a.test', '/announced'));
  await whole(8080, from('192.0.2.66'), request('a.test', '/blocked'));
  await whole(8080, request('nobody.test', '/none'));
  await whole(8080, request('dead.test', '/dead'));
  await whole(8080, request('moved.test', '/moved'));
  await whole(8080, request('guarded.test', '/no'));
  await whole(8080, request('guarded.test', '/yes', `Authorization: Basic ${btoa('u:p')}\r\n`));
  await whole(8080, 'GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n');
  await whole(8080, 'no HTTP at all\r\n\r\n');
  const raw = await RawClient.open(portOf(9000));
  raw.send('there and back');
  await raw.has('there and back');
  raw.socket.end();
  answers.push(await raw.whole());
  const upgrade = await RawClient.open(portOf(8080));
  upgrade.send(
    'GET /chat HTTP/1.1\r\nHost: socket.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await upgrade.has('\r\n\r\n');
  upgrade.socket.write(frame(1, Buffer.from('small'), true));
  await upgrade.has('small');
  upgrade.socket.write(frame(1, Buffer.alloc(200, 'x'), true));
  answers.push(await upgrade.whole());
  const secure = connectTls({ port: portOf(8443), servername: 'a.test', rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  secure.write(request('a.test', '/secure'));
  for await (const part of secure) answers.push(String(part).replace(/Date: [^\r]*/g, 'Date:'));
  await whole(8443, 'no TLS at all\r\n\r\n');
  return answers;
}

function alike(snapshot: IProxySnapshot): object {
  const { totals, routes, upstreams, tls, terminationReasons, rejectReasons, connectionTypes } = snapshot;
  return {
    totals: { ...totals, bytesOut: 0 },
    routes: routes.map(({ latency, ...route }) => ({
      ...route,
      bytesOut: route.routeName === 'tls' ? 0 : route.bytesOut,
      observed: latency.count,
    })),
    upstreams: upstreams
      .map(({ connectLatency, tlsLatency, firstByteLatency, ...upstream }) => ({
        ...upstream,
        observed: [connectLatency.count, tlsLatency.count, firstByteLatency.count],
      }))
      .sort((one, other) => (one.target < other.target ? -1 : 1)),
    tls,
    terminationReasons,
    rejectReasons,
    connectionTypes,
  };
}

async function play(targets: ITargets, options: Partial<ISmartProxyOptions>): Promise<IPlay> {
  const routes = routesTo(targets);
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    proxyIPs: ['127.0.0.1'],
    acceptProxyProtocol: true,
    ...options,
    // Added later, so that the ports and routes of a running proxy are seen to change in both.
    routes: routes.slice(0, 2),
  });
  const events: string[] = [];
  for (const name of EVENTS) {
    proxy.on(name, (payload: object) => {
      const isTls = 'type' in payload && payload.type === 'https';
      const told = Object.entries(payload).filter(([field]) => !UNLIKE.has(field) && !(isTls && SIGNED.has(field)));
      events.push(`${name} ${JSON.stringify(Object.fromEntries(told))}`);
    });
  }
  await proxy.start();
  await proxy.updateRoutes(routes);
  const answers = await traffic((port) => proxy.listeningPort(port)!);
  await proxy.addListeningPort(9001);
  const extra = await RawClient.open(proxy.listeningPort(9001)!);
  extra.send(request('a.test', '/extra'));
  answers.push(await extra.whole());
  await proxy.removeListeningPort(9001);
  assert.deepEqual(proxy.getListeningPorts(), [8080, 8443, 9000]);
  await proxy.stop({ drainTimeout: 10_000 });
  return { answers, events: events.sort(), numbers: alike(proxy.stats.snapshot()) };
}

function acceptUpgrades(server: Server): void {
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.once('data', () => socket.write(frame(1, Buffer.from('small'))));
    socket.on('end', () => socket.end());
  });
}

/** A port that nobody listens on. */
async function closedPort(t: TestContext): Promise<number> {
  const { port, server } = await startHttp(t, () => {});
  server.close();
  await once(server, 'close');
  return port;
}

test('two workers answer, count and tell what one process does', async (t) => {
  const http = await startHttp(t, (req, res) => {
    // Nothing is kept: which worker has a connection to use again is the system's choice.
    res.shouldKeepAlive = false;
    res.end(`answer to ${req.url}`);
  });
  const upgrades = await startHttp(t, () => {});
  acceptUpgrades(upgrades.server);
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const targets = { http: http.port, echo: echo.port, upgrades: upgrades.port, closed: await closedPort(t) };
  const alone = await play(targets, {});
  const together = await play(targets, { workers: 2 });
  assert.deepEqual(together.answers, alone.answers);
  assert.deepEqual(together.events, alone.events);
  assert.deepEqual(together.numbers, alone.numbers);
  assert.ok(alone.events.length > 30);
});
