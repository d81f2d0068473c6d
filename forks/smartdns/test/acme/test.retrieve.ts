import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { AcmeError, inspectCertificate, keyMatchesCertificate, selfSignedCertificate } from '@dcrouter/acme';
import { DnsServer, type ILetsEncryptOptions } from '@dcrouter/smartdns/server';
import { startPebble, type IPebble } from '../../../../acme/test/support/pebble.ts';
import { freePorts, skipWithout } from '../../../../acme/test/support/tools.ts';
import { askUdp } from '../server/ask.ts';

interface ISetup {
  readonly server: DnsServer;
  readonly pebble: IPebble;
  readonly options: ILetsEncryptOptions & { certDir: string };
}

const zone = { udpPort: 0, bindInterface: '127.0.0.1', dnssecZone: 'example.test' };

async function setup(t: TestContext, answersOf = (server: DnsServer) => server): Promise<ISetup> {
  const own = selfSignedCertificate(['first.example.test']);
  const server = new DnsServer({ ...zone, httpsPort: 0, tlsPort: 0, httpsCert: own.cert, httpsKey: own.key });
  await server.start();
  t.after(() => server.stop());
  const certDir = await mkdtemp(join(tmpdir(), 'dnscerts-'));
  t.after(() => rm(certDir, { recursive: true, force: true }));
  const pebble = await startPebble({ dnsServer: `127.0.0.1:${answersOf(server).addresses.udp?.port ?? 0}` });
  t.after(() => pebble.stop());
  const options = { certDir, directoryUrl: pebble.directoryUrl, trustedRoots: pebble.trustedRoots };
  return { server, pebble, options: { ...options, email: 'hostmaster@example.test' } };
}

function questions(server: DnsServer): string[] {
  const seen: string[] = [];
  server.on('query-received', (event) => void seen.push(`${event.domain} ${event.type}`));
  return seen;
}

/** Answers at a challenge name, or NXDOMAIN. */
async function standing(server: DnsServer, name: string): Promise<number | 'NXDOMAIN'> {
  const message = await askUdp(server.addresses.udp!.port, { name, type: 'TXT' });
  return message.rcode === 3 ? 'NXDOMAIN' : message.answers.length;
}

async function open(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['http/1.1', 'dot'], ...options });
  await once(socket, 'secureConnect');
  return socket;
}

void suite('retrieveSslCertificate against pebble', { skip: skipWithout('pebble') }, () => {
  void test('a name and its wildcard, proven with our own answers, stored, and used again', async (t) => {
    const { server, options } = await setup(t);
    const seen = questions(server);
    const names = ['dns.example.test', '*.dns.example.test'];
    const first = await server.retrieveSslCertificate(names, options);
    assert.equal(first.error, undefined);
    assert.equal(first.success, true);
    assert.deepEqual([...inspectCertificate(first.cert).names].sort(), [...names].sort());
    assert.equal(keyMatchesCertificate(first.cert, first.key), true);
    assert.ok(seen.includes('_acme-challenge.dns.example.test TXT'));
    assert.equal(await standing(server, '_acme-challenge.dns.example.test'), 'NXDOMAIN', 'the records are gone');
    const files = (await readdir(options.certDir)).sort();
    assert.deepEqual(files, ['account.key', 'dns.example.test.cert', 'dns.example.test.key']);
    for (const file of files) assert.equal((await stat(join(options.certDir, file))).mode & 0o777, 0o600);

    seen.length = 0;
    assert.equal((await server.retrieveSslCertificate(names, options)).cert, first.cert);
    assert.deepEqual(seen, [], 'nothing was ordered');
    const account = await readFile(join(options.certDir, 'account.key'), 'utf8');
    const forced = await server.retrieveSslCertificate(names, { ...options, force: true });
    assert.notEqual(forced.cert, first.cert);
    assert.equal(forced.key, first.key, 'the key stays');
    assert.equal(await readFile(join(options.certDir, 'account.key'), 'utf8'), account);
  });

  void test('DoH and DoT use it at once; connections that exist go on', async (t) => {
    const { server, pebble, options } = await setup(t);
    const ports = [server.addresses.https!.port, server.addresses.tls!.port];
    const before = await Promise.all(ports.map((port) => open(port, { rejectUnauthorized: false })));
    const { error } = await server.retrieveSslCertificate(['dns.example.test'], options);
    assert.equal(error, undefined);
    const ca = await pebble.issuingRoot();
    for (const port of ports) {
      const socket = await open(port, { ca, servername: 'dns.example.test' });
      assert.equal(socket.authorized, true);
      socket.destroy();
    }
    for (const socket of before) {
      assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:first.example.test');
      assert.equal(socket.destroyed, false);
      socket.destroy();
    }
    await server.stop();
    await server.start();
    const socket = await open(server.addresses.tls!.port, { ca, servername: 'dns.example.test' });
    socket.destroy();
  });

  void test('handlers of the owner at the same place are left alone, and a wildcard CNAME does not get in the way', async (t) => {
    const { server, options } = await setup(t);
    const name = '_acme-challenge.own.example.test';
    server.registerHandler(name, ['TXT'], () => ({ name, type: 'TXT', class: 'IN', ttl: 60, data: 'mine' }));
    server.registerHandler('*.example.test', ['CNAME'], (question) => {
      return { name: question.name, type: 'CNAME', class: 'IN', ttl: 60, data: 'elsewhere.example.net' };
    });
    const result = await server.retrieveSslCertificate(['own.example.test'], options);
    assert.equal(result.error, undefined);
    assert.equal(await standing(server, name), 1);
  });

  void test('calls for the same names share one order', async (t) => {
    const { server, options } = await setup(t);
    const [one, two] = await Promise.all([
      server.retrieveSslCertificate(['a.example.test', 'b.example.test'], options),
      server.retrieveSslCertificate(['B.example.test.', 'A.example.test'], options),
    ]);
    assert.equal(one.error, undefined);
    assert.equal(one.cert, two.cert);
  });

  void test('names of others are left out and named; with none left there is an error', async (t) => {
    const { server, options } = await setup(t);
    const mixed = await server.retrieveSslCertificate(['a.example.test', 'example.org'], options);
    assert.deepEqual([mixed.success, mixed.names, mixed.skipped], [true, ['a.example.test'], ['example.org']]);
    const none = await server.retrieveSslCertificate(['example.org'], options);
    assert.deepEqual([none.success, none.cert, none.key], [false, '', '']);
    assert.match(none.error?.message ?? '', /example\.org/);
  });

  void test('a damaged pair on disk is replaced, a damaged account key is an error', async (t) => {
    const { server, options } = await setup(t);
    await writeFile(join(options.certDir, 'a.example.test.cert'), 'damaged');
    await writeFile(join(options.certDir, 'a.example.test.key'), 'damaged');
    assert.equal((await server.retrieveSslCertificate(['a.example.test'], options)).success, true);
    await writeFile(join(options.certDir, 'account.key'), 'damaged');
    const { error } = await server.retrieveSslCertificate(['b.example.test'], options);
    assert.equal((error as AcmeError).code, 'ACME_KEY');
  });

  void test('a CA that sees another server’s answers refuses, which is returned, and nothing stays', async (t) => {
    const other = new DnsServer(zone);
    await other.start();
    t.after(() => other.stop());
    const { server, options } = await setup(t, () => other);
    const result = await server.retrieveSslCertificate(['a.example.test'], options);
    assert.equal(result.success, false);
    assert.equal((result.error as AcmeError).code, 'ACME_CHALLENGE_FAILED');
    assert.equal(await standing(server, '_acme-challenge.a.example.test'), 'NXDOMAIN');
  });
});

void test('a CA that is down is an error, not an exception', async (t) => {
  const server = new DnsServer(zone);
  const certDir = await mkdtemp(join(tmpdir(), 'dnscerts-'));
  t.after(() => rm(certDir, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const directoryUrl = `https://127.0.0.1:${port}/dir`;
  const result = await server.retrieveSslCertificate(['a.example.test'], { certDir, directoryUrl });
  assert.equal(result.success, false);
  assert.ok(result.error instanceof AcmeError);
  assert.equal(result.error.code, 'ACME_UNREACHABLE');
});
