// destroy() leaves nothing open, and an idle client does not hold the process.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Forwarder, Resolver, Smartdns } from '#client';
import type { IUpstreamOptions } from '#client';
import { record } from './fakeserver.ts';
import { serve, testCertificate } from './support.ts';

const tls = testCertificate();
const clientKinds = new Set(['UDPWRAP', 'TCPSocketWrap', 'TLSWrap', 'Timeout', 'GetAddrInfoReqWrap']);

function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (clientKinds.has(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

async function settledHandles(wanted: Record<string, number>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (performance.now() < deadlineMs) {
    if (JSON.stringify(handles()) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(handles(), wanted);
}

test('after destroy() every handle is closed, also those of questions under way', async () => {
  const server = await serve({
    tls,
    answer: ({ name }) =>
      name.toLowerCase().startsWith('silent') ? undefined : { answers: [record(name, 'A', '192.0.2.1')] },
  });
  const over = (protocol: 'tls' | 'https', port: number): IUpstreamOptions => ({
    protocol,
    host: '127.0.0.1',
    port,
    ca: tls.cert,
  });
  const upstreams = [
    server.address,
    `tcp://${server.address}`,
    over('tls', server.tlsPort),
    over('https', server.httpsPort),
  ];
  for (const upstream of upstreams) {
    const before = handles();
    const resolver = new Resolver({ upstreams: [upstream], cache: false });
    await Promise.all(['a.test', 'b.test', 'c.test'].map((name) => resolver.resolve(name)));
    const pending = Promise.allSettled(['silent1.test', 'silent2.test'].map((name) => resolver.resolve(name)));
    while (server.count() % 5 !== 0) await new Promise((resolve) => setImmediate(resolve));
    resolver.destroy();
    for (const outcome of await pending) assert.equal(outcome.status, 'rejected');
    server.cut();
    await settledHandles(before);
  }
});

const withoutProc = existsSync('/proc/self/fd') ? false : 'this system has no /proc/self/fd';

/** Sockets that this process has open, whether they hold it or not. */
function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      // The descriptor of the directory listing itself is gone by now.
      return false;
    }
  }).length;
}

test('sockets are closed as soon as their questions are answered', { skip: withoutProc }, async () => {
  const server = await serve({ answer: ({ name }) => ({ answers: [record(name, 'A', '192.0.2.1')] }) });
  const ask = async (resolver: Resolver): Promise<void> => {
    await Promise.all(Array.from({ length: 60 }, (_, at) => resolver.resolve(`n${at}.test`)));
    await new Promise((resolve) => setImmediate(resolve));
  };
  const before = openSockets();
  const single = new Resolver({ upstreams: [server.address], cache: false });
  await ask(single);
  assert.equal(openSockets(), before);
  const pool = new Resolver({ upstreams: [server.address], cache: false, queriesPerSocket: 7 });
  for (let round = 0; round < 10; round += 1) await ask(pool);
  assert.ok(openSockets() <= before + 64, `${openSockets() - before} sockets are open`);
  pool.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(openSockets(), before);
  single.destroy();
});

test('destroy() may be called twice, and before anything was asked', () => {
  for (const client of [new Resolver(), new Smartdns(), new Forwarder({ upstreams: ['192.0.2.1'] })]) {
    client.destroy();
    client.destroy();
  }
});

test('a process ends by itself while a client is idle, its connections included', async () => {
  const server = await serve({ tls, answer: ({ name }) => ({ answers: [record(name, 'A', '192.0.2.1')] }) });
  const script = `
    import { Resolver } from '#client';
    const [udp, tls, https] = process.argv.slice(1);
    for (const upstream of [udp, 'tcp://' + udp, { protocol: 'tls', host: '127.0.0.1', port: Number(tls), rejectUnauthorized: false },
      { protocol: 'https', host: '127.0.0.1', port: Number(https), rejectUnauthorized: false }]) {
      const resolver = new Resolver({ upstreams: [upstream], queriesPerSocket: 100, idleMs: 600_000 });
      const { records } = await resolver.resolve('www.test');
      process.stdout.write(records[0].data + '\\n');
    }`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--conditions=dcrouter-source',
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      script,
      server.address,
      String(server.tlsPort),
      String(server.httpsPort),
    ],
    { cwd: import.meta.dirname, timeout: 20_000 },
  );
  assert.equal(stdout, '192.0.2.1\n'.repeat(4));
});
