// Names, checks and records in one router, seen through dig, delv and curl: a backend that dies leaves balancing and the
// answers, and comes back to both; a name that moves takes new connections with it.
import { DcRouter, createLogger, parseConfigDocument, validateConfig } from '@dcrouter/dcrouter';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { toolVersion } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';
import { DnsLedger } from '../laws/dns.ts';
import { ProxyLedger } from '../laws/proxy.ts';

const run = promisify(execFile);
const missing = ['dig', 'curl', 'delv'].filter((tool) => {
  return toolVersion(tool, [tool === 'curl' ? '--version' : '-v']) === undefined;
});
const skip = missing.length > 0 ? `not installed: ${missing.join(', ')}` : false;

/** A backend that can die and come back on its port. */
class Backend {
  readonly #name: string;
  readonly #address: string;
  readonly port: number;
  #server: Server | null = null;

  constructor(name: string, address: string, port: number) {
    this.#name = name;
    this.#address = address;
    this.port = port;
  }

  async start(): Promise<void> {
    this.#server = createServer((_request, response) => response.end(this.#name));
    this.#server.listen(this.port, this.#address);
    await once(this.#server, 'listening');
  }

  async die(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  }
}

interface IScene {
  readonly router: DcRouter;
  readonly one: Backend;
  readonly two: Backend;
  readonly dig: (name: string, type?: string) => Promise<string[]>;
  /** The bodies of so many requests, each on a connection of its own. */
  readonly curl: (host: string, count: number) => Promise<string[]>;
  /** Resolves when the check has turned. */
  readonly turned: (check: string, to: 'up' | 'down') => Promise<void>;
  readonly dnsPort: number;
  readonly config: (change: (document: TDocument) => void) => ReturnType<typeof validateConfig>;
}

type TDocument = ReturnType<typeof documentOf>;
const pace = { intervalMs: 100, timeoutMs: 2_000, rise: 1, fall: 1 };

function documentOf(ports: { http: number; dns: number; api: number; one: number }) {
  const check = (name: string, address: string) => ({ name, type: 'http', target: `${address}:${ports.one}`, ...pace });
  return {
    api: { port: ports.api },
    logging: { level: 'silent' },
    resolve: { servers: [`127.0.0.1:${ports.dns}`], family: 'ipv4-only', minTtl: 0 },
    health: { checks: [check('one', '127.0.0.1'), check('two', '127.0.0.2')] },
    dns: {
      address: '127.0.0.1',
      port: ports.dns,
      autoRecords: { addresses: ['192.0.2.80'], ttl: 60 },
      zones: {
        'example.test': {
          records: [
            { name: '@', type: 'NS', data: 'ns1.example.test' },
            { name: 'ns1', type: 'A', data: '127.0.0.1' },
            { name: 'app', type: 'A', ttl: 1, data: '127.0.0.1', health: 'one' },
            { name: 'app', type: 'A', ttl: 1, data: '127.0.0.2', health: 'two' },
            {
              name: '_http._tcp.app',
              type: 'SRV',
              ttl: 1,
              data: { priority: 0, weight: 1, port: ports.one, target: 'app.example.test' },
            },
          ] as object[],
        },
      },
    },
    proxy: {
      address: '127.0.0.1',
      routes: [
        route('pair', ports.http, [
          { host: '127.0.0.1', port: ports.one },
          { host: '127.0.0.2', port: ports.one },
        ]),
        route('named', ports.http, [{ host: 'app.example.test', port: ports.one }]),
        route('service', ports.http, [{ host: '_http._tcp.app.example.test', port: 'srv' }]),
      ],
    },
  };
}

function route(name: string, ports: number, targets: Array<{ host: string; port: number | 'srv' }>) {
  return { name, match: { ports, domains: `${name}.example.test` }, action: { type: 'forward', targets } };
}

async function scene(t: TestContext): Promise<IScene> {
  const [http, dns, api, onePort] = (await freePorts(4)) as [number, number, number, number];
  const one = new Backend('one', '127.0.0.1', onePort);
  const two = new Backend('two', '127.0.0.2', onePort);
  await Promise.all([one.start(), two.start()]);
  const config: IScene['config'] = (change) => {
    const document = documentOf({ http, dns, api, one: onePort });
    change(document);
    return validateConfig(parseConfigDocument('test.json', JSON.stringify(document), {}));
  };
  const router = new DcRouter(
    config(() => {}),
    { logger: createLogger({ level: 'silent', format: 'json' }) },
  );
  await router.start();
  const proxyLedger = new ProxyLedger(router.proxy!);
  const dnsLedger = new DnsLedger(router.dns!);
  t.after(async () => {
    await router.stop();
    await Promise.all([one.die(), two.die()]);
    await proxyLedger.assertDrained();
    dnsLedger.assertLaws();
  });
  const turned: IScene['turned'] = async (check, to) => {
    if (router.health.check(check)!.state === to) return;
    await new Promise<void>((resolve) => {
      const release = router.events.subscribe(['health.changed'], ({ data }) => {
        if (data.check !== check || data.current !== to) return;
        release();
        resolve();
      });
    });
  };
  const dig: IScene['dig'] = async (name, type = 'A') => {
    const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(dns), '+short', '+norec', name, type]);
    return stdout.trim().split('\n').filter(Boolean).sort();
  };
  const curl: IScene['curl'] = async (host, count) => {
    const urls = Array.from({ length: count }, () => `http://${host}.example.test:${http}/`);
    const resolve = ['--resolve', `${host}.example.test:${http}:127.0.0.1`];
    const options = ['--silent', '--fail', '--no-keepalive', '-H', 'Connection: close', ...resolve];
    const { stdout } = await run('curl', [...options, '-w', '\n', ...urls]);
    return stdout.trim().split('\n');
  };
  await Promise.all([turned('one', 'up'), turned('two', 'up')]);
  return { router, one, two, dig, curl, turned, dnsPort: dns, config };
}

test('a backend that dies leaves balancing and answers, and comes back to both', { skip }, async (t) => {
  const { router, one, two, dig, curl, turned } = await scene(t);
  const both = ['127.0.0.1', '127.0.0.2'];
  assert.deepEqual(await dig('app.example.test'), both);
  assert.deepEqual(new Set(await curl('pair', 4)), new Set(['one', 'two']));
  const serial = router.dns!.zones.get('example.test')!.serial;
  await two.die();
  await turned('two', 'down');
  assert.deepEqual(await dig('app.example.test'), ['127.0.0.1']);
  assert.equal(router.dns!.zones.get('example.test')!.serial, serial + 1);
  for (const host of ['pair', 'named', 'service']) {
    assert.deepEqual(new Set(await curl(host, 6)), new Set(['one']), host);
  }
  const failures = router.proxy!.stats.getUpstreamStats().map(({ target, failures: seen }) => [target, seen]);
  for (const [target, seen] of failures) assert.deepEqual(seen, {}, String(target));
  await two.start();
  await turned('two', 'up');
  assert.deepEqual(await dig('app.example.test'), both);
  assert.deepEqual(new Set(await curl('pair', 4)), new Set(['one', 'two']));
  await Promise.all([one.die(), two.die()]);
  await Promise.all([turned('one', 'down'), turned('two', 'down')]);
  assert.deepEqual(await dig('app.example.test'), both, 'when all are down, all stay');
});

test('in a signed zone every answer stays valid while records come and go', { skip }, async (t) => {
  const { router, two, turned, dnsPort } = await scene(t);
  const signer = await router.dns!.zones.sign('example.test');
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-targets-'));
  t.after(() => rm(folder, { recursive: true }));
  const key = signer.keys.keySigners[0]!.dnskey();
  const publicKey = Buffer.from(key.publicKey as Uint8Array).toString('base64');
  const anchors = join(folder, 'anchors.conf');
  await writeFile(
    anchors,
    `trust-anchors { "example.test." static-key ${key.flags} 3 ${key.algorithm} "${publicKey}"; };\n`,
  );
  const validated = async (): Promise<number> => {
    const options = ['@127.0.0.1', '-p', String(dnsPort), '-a', anchors, '+root=example.test', 'app.example.test', 'A'];
    const { stdout } = await run('delv', options);
    assert.match(stdout, /fully validated/);
    return stdout.match(/\sA\s+127\.0\.0\./g)!.length;
  };
  assert.equal(await validated(), 2);
  await two.die();
  await turned('two', 'down');
  assert.equal(await validated(), 1);
  await two.start();
  await turned('two', 'up');
  assert.equal(await validated(), 2);
});

test(
  'records of routed domains come and go with their routes, and never in place of written ones',
  { skip },
  async (t) => {
    const { router, dig, config } = await scene(t);
    assert.deepEqual(await dig('pair.example.test'), ['192.0.2.80']);
    assert.deepEqual(await dig('new.example.test'), []);
    const served = config((document) => {
      const [first] = document.proxy.routes;
      document.proxy.routes.push({
        ...first!,
        name: 'new',
        match: { ports: first!.match.ports, domains: '*.new.example.test' },
      });
      document.dns.zones['example.test'].records.push({ name: 'pair', type: 'A', data: '192.0.2.7' });
    });
    await router.reconcile(served);
    assert.deepEqual(await dig('any.new.example.test'), ['192.0.2.80']);
    assert.deepEqual(await dig('pair.example.test'), ['192.0.2.7']);
    await router.reconcile(config(() => {}));
    assert.deepEqual(await dig('any.new.example.test'), []);
    assert.deepEqual(await dig('pair.example.test'), ['192.0.2.80']);
  },
);

test('a name that moves takes new connections with it, and leaves open ones alone', { skip }, async (t) => {
  const { router, curl, config } = await scene(t);
  const moved = (data: string) =>
    config((document) => {
      const { records } = document.dns.zones['example.test'];
      const rest = records.filter((record) => (record as { name: string }).name !== 'app');
      document.dns.zones['example.test'].records = [...rest, { name: 'app', type: 'A', ttl: 1, data }];
    });
  await router.reconcile(moved('127.0.0.1'));
  router.resolve!.flush();
  assert.deepEqual(await curl('named', 2), ['one', 'one']);
  await router.reconcile(moved('127.0.0.2'));
  router.resolve!.flush();
  // A connection from the pool may still serve until the answer is there.
  while ((await curl('named', 1))[0] !== 'two');
  assert.deepEqual(await curl('named', 3), ['two', 'two', 'two']);
  assert.equal(
    router.resolve!.stats().names.find(({ name }) => name === 'app.example.test')!.endpoints[0]!.addresses[0],
    '127.0.0.2',
  );
});
