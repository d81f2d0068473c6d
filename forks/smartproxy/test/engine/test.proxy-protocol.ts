import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateV1, generateV2, parseProxyHeader, type IRouteConfig } from '@dcrouter/smartproxy';
import { freePorts } from '../../../../test/helpers/ports.ts';
import { get, httpBackend, parseResponse, startProxy, talk, tcpBackend } from './world.ts';

const client = { sourceIp: '192.0.2.7', sourcePort: 4_711, destinationIp: '192.0.2.1', destinationPort: 80 };
const v6 = { sourceIp: '2001:db8::7', sourcePort: 4_711, destinationIp: '2001:db8::1', destinationPort: 80 };
const trusted = { proxyIPs: ['127.0.0.0/8'] };

function web(target: { host: string; port: number }, more: Partial<IRouteConfig['action']> = {}): IRouteConfig {
  return {
    name: 'web',
    match: { ports: 80, domains: 'a.test' },
    action: { type: 'forward', targets: [target], ...more },
  };
}

test('a trusted sender says who the client is: both versions, both families, whole and in single bytes', async (t) => {
  const backend = await httpBackend(t);
  const { port, ledger } = await startProxy(t, [web(backend.target)], trusted);
  for (const preface of [generateV1(client), generateV2(client), generateV1(v6), generateV2(v6, { checksum: true })]) {
    assert.equal((await get(port(80), '/', { preface })).status, 200);
  }
  const socket = connect(port(80), '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  for (const byte of Buffer.concat([
    generateV2(client),
    Buffer.from('GET /slow HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'),
  ])) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await once(socket, 'close');
  assert.equal(parseResponse(text).status, 200);
  assert.deepEqual(
    backend.requests.map(({ headers }) => headers['x-forwarded-for']),
    ['192.0.2.7', '192.0.2.7', '2001:db8::7', '2001:db8::7', '192.0.2.7'],
  );
  await ledger.settled();
  assert.ok([...ledger.opens.values()].every((open) => open.clientIp !== '127.0.0.1' && open.clientPort === 4_711));
});

test('LOCAL, UNKNOWN and no header at all mean the sender itself', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [web(backend.target)], trusted);
  const local = generateV2({ ...client, sourceIp: '' });
  for (const preface of [local, 'PROXY UNKNOWN\r\n', undefined])
    assert.equal((await get(port(80), '/', { preface })).status, 200);
  assert.ok(backend.requests.every(({ headers }) => headers['x-forwarded-for'] === '127.0.0.1'));
});

test('a broken header from a trusted sender ends the connection and is counted by its fault', async (t) => {
  const backend = await httpBackend(t);
  const { port, proxy } = await startProxy(t, [web(backend.target)], trusted);
  const broken = Buffer.from(generateV2(client));
  broken[12] = 0x31;
  for (const preface of ['PROXY TCP4 1.2.3.4 nonsense 1 2\r\n', `PROXY TCP4 ${'1'.repeat(200)}`, broken]) {
    assert.equal((await get(port(80), '/', { preface })).status, 0);
  }
  const reasons = proxy.stats.getRejectReasons();
  assert.deepEqual(
    ['v1-address', 'v1-too-long', 'v2-version'].map((fault) => reasons.get(`proxy-protocol-${fault}`)),
    [1, 1, 1],
  );
  assert.equal(backend.requests.length, 0);
});

test('whoever is not trusted cannot claim an address', async (t) => {
  const backend = await httpBackend(t);
  for (const options of [{}, { proxyIPs: ['10.0.0.1'] }, { ...trusted, acceptProxyProtocol: false }]) {
    const { port } = await startProxy(t, [web(backend.target)], options);
    for (const preface of [generateV1(client), generateV2(client)]) {
      assert.notEqual((await get(port(80), '/', { preface })).status, 200);
    }
  }
  assert.equal(backend.requests.length, 0);
});

test('a header from a stranger reaches no tunnel where headers are believed from others', async (t) => {
  const tcp = await tcpBackend(t);
  const backend = await httpBackend(t);
  const tunnel = (port: number): IRouteConfig => ({
    match: { ports: port },
    action: { type: 'forward', targets: [tcp.target] },
  });
  const { port, proxy } = await startProxy(t, [tunnel(90), tunnel(80), web(backend.target)], {
    proxyIPs: ['10.0.0.1'],
  });
  for (const at of [80, 90]) {
    for (const header of [generateV1(client), generateV2(client)]) {
      assert.equal(await talk(port(at), header), '');
      assert.equal(await talk(port(at), 'more', { preface: header }), '');
    }
    // What only begins like one is the client's own.
    for (const text of ['PROXIMITY', 'P', '\r\n']) {
      const before = tcp.received.length;
      assert.equal(await talk(port(at), text, { ends: true }), 'ok');
      assert.deepEqual(tcp.received.slice(before), [text]);
    }
  }
  assert.equal(proxy.stats.getRejectReasons().get('proxy-protocol-untrusted'), 8);
  assert.ok(tcp.received.every((text) => !text.includes('192.0.2.')));
});

test('limits and lists count the announced client', async (t) => {
  const backend = await httpBackend(t);
  const { port, proxy } = await startProxy(t, [{ ...web(backend.target), security: { ipBlockList: ['192.0.2.7'] } }], {
    ...trusted,
    connectionRateLimitPerMinute: 2,
  });
  assert.equal((await get(port(80), '/', { preface: generateV1(client) })).status, 403);
  const other = generateV1({ ...client, sourceIp: '192.0.2.8' });
  assert.equal((await get(port(80), '/', { preface: other })).status, 200);
  assert.equal((await get(port(80), '/', { preface: other })).status, 200);
  assert.equal((await get(port(80), '/', { preface: other })).status, 0, 'over the rate of that client');
  assert.equal(proxy.stats.getRejectReasons().get('connection-rate'), 1);
});

test('TLS after the header', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(
    t,
    [
      {
        match: { ports: 443, domains: 'a.test' },
        action: { type: 'forward', targets: [backend.target], tls: { mode: 'terminate', certificate: 'self-signed' } },
      },
    ],
    trusted,
  );
  assert.equal((await get(port(443), '/', { preface: generateV2(client), sni: 'a.test' })).status, 200);
  assert.equal(backend.requests[0]!.headers['x-forwarded-for'], '192.0.2.7');
});

test('tunnels announce the client to their target, each in the version asked for', async (t) => {
  const backend = await tcpBackend(t);
  const versions = { 1: true, 2: 'v1', 3: 'v2', 4: false } as const;
  const { port } = await startProxy(
    t,
    Object.entries(versions).map(([ports, sendProxyProtocol]) => ({
      match: { ports: Number(ports) },
      action: {
        type: 'forward',
        targets: [{ ...backend.target, ...(ports === '3' && { sendProxyProtocol }) }],
        ...(ports !== '3' && { sendProxyProtocol }),
      },
    })),
    { ...trusted, sendProxyProtocol: true },
  );
  for (const routePort of [1, 2, 3, 4]) {
    await talk(port(routePort), 'hello', { preface: generateV2(client), until: /ok/ });
    const received = Buffer.from(backend.received.at(-1)!, 'latin1');
    const header = parseProxyHeader(received);
    if (routePort === 4) {
      assert.equal(received.toString(), 'hello');
      continue;
    }
    assert.ok(header.kind === 'header');
    assert.equal(header.version, routePort === 3 ? 2 : 1);
    assert.deepEqual([header.sourceIp, header.sourcePort, header.destinationPort], ['192.0.2.7', 4_711, routePort]);
    assert.equal(received.subarray(header.length).toString(), 'hello');
  }
});

test('over HTTP each client has target connections of its own, with one header at their start', async (t) => {
  const backend = await tcpBackend(t);
  const { port } = await startProxy(t, [web(backend.target, { sendProxyProtocol: 'v2' })], trusted);
  const request = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
  for (const sourceIp of ['192.0.2.7', '192.0.2.8']) {
    await talk(port(80), request, { preface: generateV1({ ...client, sourceIp }), until: /HTTP/ });
  }
  assert.deepEqual(
    backend.received.map((text) => {
      const bytes = Buffer.from(text, 'latin1');
      const header = parseProxyHeader(bytes);
      assert.ok(header.kind === 'header');
      return [header.sourceIp, bytes.subarray(header.length).toString().split('\r\n')[0]];
    }),
    [
      ['192.0.2.7', 'GET / HTTP/1.1'],
      ['192.0.2.8', 'GET / HTTP/1.1'],
    ],
  );
});

const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0;

test(
  'HAProxy understands our headers and we understand its',
  { skip: hasHaproxy ? false : 'haproxy is not installed' },
  async (t) => {
    const backend = await httpBackend(t);
    const [toUs1, toUs2, fromUs] = (await freePorts(3)) as [number, number, number];
    const { port } = await startProxy(
      t,
      [
        web(backend.target),
        {
          match: { ports: 81, domains: 'a.test' },
          action: { type: 'forward', targets: [{ host: '127.0.0.1', port: fromUs }], sendProxyProtocol: 'v1' },
        },
        {
          match: { ports: 82 },
          action: { type: 'forward', targets: [{ host: '127.0.0.1', port: fromUs }], sendProxyProtocol: 'v2' },
        },
      ],
      trusted,
    );
    const folder = await mkdtemp(join(tmpdir(), 'haproxy-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'haproxy.cfg');
    await writeFile(
      file,
      `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend to-us-1
  bind 127.0.0.1:${toUs1}
  default_backend us-1
frontend to-us-2
  bind 127.0.0.1:${toUs2}
  default_backend us-2
frontend from-us
  bind 127.0.0.1:${fromUs} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst_port]"
backend us-1
  server us 127.0.0.1:${port(80)} send-proxy
backend us-2
  server us 127.0.0.1:${port(80)} send-proxy-v2 proxy-v2-options crc32c,unique-id
`,
    );
    const haproxy = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
    // Ended here, whatever fails, so that it cannot outlive the test.
    const ended = once(haproxy, 'exit');
    try {
      for (const listening of [toUs1, toUs2, fromUs]) await untilListening(listening, haproxy);
      for (const entry of [toUs1, toUs2]) assert.equal((await get(entry, '/')).status, 200);
      assert.deepEqual(
        backend.requests.map(({ headers }) => headers['x-forwarded-for']),
        ['127.0.0.1', '127.0.0.1'],
      );
      for (const routePort of [81, 82]) {
        const { body } = await get(port(routePort), '/', { preface: generateV1(client) });
        assert.match(body, new RegExp(`192\\.0\\.2\\.7 4711 ${routePort}`));
      }
    } finally {
      haproxy.kill();
      await ended;
    }
  },
);

/** Resolves when something accepts on the port; the test's time-out bounds the wait. */
async function untilListening(port: number, process: { exitCode: number | null }): Promise<void> {
  for (;;) {
    assert.equal(process.exitCode, null, 'haproxy ended');
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
