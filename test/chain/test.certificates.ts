/**
 * Certificates of a router from a real CA: by http-01, by dns-01 from its own zone, kept in its store.
 *
 * @module
 */
import { RouterProcess, createLogger } from '@dcrouter/dcrouter';
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { connect, type PeerCertificate } from 'node:tls';
import { startPebble, type IPebble } from '../../acme/test/support/pebble.ts';
import { skipWithout } from '../../acme/test/support/tools.ts';
import { steadyPorts } from '../helpers/ports.ts';
import { postgresMissing, startPostgres, type IPostgres } from '../helpers/postgres.ts';

const skip = skipWithout('pebble');
const skipNodes = skip === false ? postgresMissing : skip;
let server: IPostgres;

before(async () => {
  if (skipNodes === false) server = await startPostgres();
});

after(async () => {
  if (skipNodes === false) await server.stop();
});

interface IPorts {
  readonly http: number;
  readonly https: number;
  readonly dns: number;
  readonly api: number;
}

interface INode {
  readonly running: RouterProcess;
  readonly address: string;
  stop(): Promise<void>;
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-certificates-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The name server of the CA is the router itself; so it must listen where the CA was told before it started. */
async function startCa(t: TestContext): Promise<{ ca: IPebble; ports: IPorts }> {
  const [http, https, dns, api] = (await steadyPorts(4)) as [number, number, number, number];
  const ca = await startPebble({ httpPort: http, tlsPort: https, dnsServer: `127.0.0.1:${dns}` });
  t.after(() => ca.stop());
  return { ca, ports: { http, https, dns, api } };
}

function documentOf(ca: IPebble, { http, https, dns, api }: IPorts, others: Readonly<Record<string, unknown>> = {}) {
  const acme = { email: 'admin@example.test', directoryUrl: ca.directoryUrl, directoryCa: ca.trustedRoots, port: http };
  const records = ['example.test', '*.example.test'].map((name) => ({
    name: `${name}.`,
    type: 'A',
    data: '127.0.0.1',
  }));
  return {
    api: { port: api },
    proxy: {
      address: '127.0.0.1',
      drainTimeoutMs: 100,
      acme,
      routes: [route('web', https, ['web.example.test']), route('wild', https, ['example.test', '*.example.test'])],
    },
    dns: {
      address: '127.0.0.1',
      port: dns,
      zones: { 'example.test': { nameservers: ['ns1.example.test'], records, dnssec: {} } },
    },
    ...others,
  };
}

function route(name: string, ports: number, domains: readonly string[], acme = {}) {
  const tls = { mode: 'terminate', certificate: 'auto', acme };
  return { name, match: { ports, domains }, action: { type: 'redirect', tls } };
}

async function startNode(t: TestContext, folder: string, document: object, address = '127.0.0.1'): Promise<INode> {
  const file = join(folder, 'router.yaml');
  await writeFile(file, JSON.stringify(document));
  const running = await RouterProcess.start(file, { logger: createLogger({ level: 'silent', format: 'json' }) });
  const stop = (): Promise<void> => running.stop();
  t.after(stop);
  return { running, address, stop };
}

/** What a client is shown. */
function shown(address: string, port: number, servername: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** Certificates that the CA has made. */
function issued(ca: IPebble): number {
  return ca.log().match(/Issued certificate serial/g)?.length ?? 0;
}

test(
  'http-01, and a wildcard by dns-01 from its own zone; a restart serves both from the store',
  { skip },
  async (t) => {
    const { ca, ports } = await startCa(t);
    const folder = await folderOf(t);
    const document = documentOf(ca, ports, { store: { type: 'sqlite', path: join(folder, 'router.db') } });
    const first = await startNode(t, folder, document);
    const { proxy, dns } = first.running.router;
    assert.ok(proxy !== null && dns !== null);
    await Promise.all(['web', 'wild'].map((name) => proxy.provisionCertificate(name)));
    assert.equal(issued(ca), 2);
    const web = await shown('127.0.0.1', ports.https, 'web.example.test');
    const wild = await shown('127.0.0.1', ports.https, 'any.example.test');
    assert.match(web.issuer.CN as string, /Pebble/);
    assert.equal(web.subjectaltname, 'DNS:web.example.test');
    assert.deepEqual(wild.subjectaltname?.split(', ').sort(), ['DNS:*.example.test', 'DNS:example.test']);
    const zone = dns.zones.get('example.test');
    assert.equal(zone?.rrset('_acme-challenge.example.test', 'TXT'), undefined);
    const ds = dns.zones.ds('example.test');
    assert.equal(ds.length, 1);

    await first.stop();
    // Nothing is there to order from, and the folder of a router without a store was never made.
    await ca.stop();
    assert.deepEqual((await readdir(folder)).includes('certs'), false);
    const again = await startNode(t, folder, document);
    const { router } = again.running;
    assert.equal((await shown('127.0.0.1', ports.https, 'web.example.test')).fingerprint256, web.fingerprint256);
    assert.equal((await shown('127.0.0.1', ports.https, 'any.example.test')).fingerprint256, wild.fingerprint256);
    await router.proxy?.provisionCertificate('wild');
    assert.deepEqual(router.dns?.zones.ds('example.test'), ds);
  },
);

/** Resolves when a node has told of a certificate. */
function told({ running }: INode, kind: 'certificate.issued' | 'certificate.renewed'): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const off = running.router.events.subscribe([kind], () => resolve());
  return promise.finally(off);
}

test(
  'two nodes on one PostgreSQL: one order, one account, one set of keys; each answers for the other',
  { skip: skipNodes },
  async (t) => {
    const url = await server.createDatabase();
    // The CA asks the name server of the first node alone.
    const { ca, ports } = await startCa(t);
    const [otherApi] = (await steadyPorts(1)) as [number];
    const documents = ['127.0.0.1', '127.0.0.2'].map((address, index) => {
      const own = documentOf(
        ca,
        { ...ports, api: index === 0 ? ports.api : otherApi },
        {
          node: { name: `node${index}` },
          store: { type: 'postgres', url },
        },
      );
      const domains = ['example.test', '*.example.test'];
      const routes = [route('wild', ports.https, domains, { challenge: 'dns-01' })];
      return { ...own, proxy: { ...own.proxy, address, routes }, dns: { ...own.dns, address } };
    });
    const nodes = await Promise.all(
      documents.map(async (document) => startNode(t, await folderOf(t), document, document.proxy.address)),
    );
    const [one, two] = nodes as [INode, INode];
    const fingerprints = (): Promise<string[]> =>
      Promise.all(
        nodes.map(async ({ address }) => (await shown(address, ports.https, 'any.example.test')).fingerprint256),
      );
    await Promise.all(nodes.map(async ({ running }) => running.router.proxy?.provisionCertificate('wild')));
    assert.equal(issued(ca), 1);
    const [first, same] = await fingerprints();
    assert.equal(first, same);
    const accounts = "select count(*) from material where purpose = 'acme-account'";
    assert.equal(await server.query(url, accounts), '1');
    const ds = nodes.map(({ running }) => running.router.dns?.zones.ds('example.test'));
    assert.equal(ds[0]?.length, 1);
    assert.deepEqual(ds[0], ds[1]);

    // The second one orders: its challenge is looked for at the first one, which then serves what it did not order.
    const taken = told(one, 'certificate.renewed');
    await two.running.router.proxy?.renewCertificate('wild');
    await taken;
    const [next, other] = await fingerprints();
    assert.equal(next, other);
    assert.notEqual(next, first);
    assert.equal(issued(ca), 2);
    assert.equal(await server.query(url, "select count(*) from material where purpose = 'acme-challenge'"), '0');
  },
);

test(
  'a database that is away at the start: a placeholder and an unsigned zone, then what was kept, without an order',
  { skip: skipNodes },
  async (t) => {
    const url = await server.createDatabase();
    const { ca, ports } = await startCa(t);
    const folder = await folderOf(t);
    const document = documentOf(ca, ports, { store: { type: 'postgres', url } });
    const first = await startNode(t, folder, document);
    const { proxy, dns } = first.running.router;
    await Promise.all(['web', 'wild'].map(async (name) => proxy?.provisionCertificate(name)));
    const ds = dns?.zones.ds('example.test');
    const { fingerprint256 } = await shown('127.0.0.1', ports.https, 'any.example.test');
    await first.stop();

    await server.halt('fast');
    const again = await startNode(t, folder, document);
    const { router } = again.running;
    const other = await shown('127.0.0.1', ports.https, 'any.example.test');
    assert.doesNotMatch(String(other.issuer.CN), /Pebble/);
    assert.deepEqual(router.dns?.zones.ds('example.test'), []);
    assert.match(router.proxy?.getCertificateStatus('wild')?.error ?? '', /the store has not been reached/);
    const back = told(again, 'certificate.issued');
    await server.resume();
    await back;
    await router.proxy?.provisionCertificate('wild');
    assert.equal((await shown('127.0.0.1', ports.https, 'any.example.test')).fingerprint256, fingerprint256);
    assert.deepEqual(router.dns?.zones.ds('example.test'), ds);
    assert.equal(issued(ca), 2);
  },
);
