// What clients send that is no TLS, or no longer, on every kind of socket: refused, counted once, and over.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { CertificateAuthority } from '@dcrouter/acme';
import { setBounds } from '../helpers/bounds.ts';
import { clientHello } from '../helpers/hello.ts';
import { startHttp } from '../helpers/proxy.ts';
import { endless } from './secured.ts';
import { KINDS, certificate, secureClient, startSecure, trusted, turn, until } from './world.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const NO_OPENSSL = spawnSync('openssl', ['version']).error === undefined ? false : 'the program openssl is missing';

const record = (type: number, version: number, body: number[] | Buffer): Buffer => {
  const head = Buffer.from([type, version >> 8, version & 0xff, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, Buffer.from(body)]);
};

/** Records of no use behind a ClientHello or a handshake. */
const records: Record<string, Buffer> = {
  'garbage': Buffer.alloc(100_000, 'garbage'),
  'a record that is too long': record(23, 0x0303, Buffer.alloc(0x4_800)),
  'a record of another version': record(22, 0x0903, [1, 2, 3, 4]),
  'an unknown type of record': record(99, 0x0303, [1, 2, 3]),
  'an alert that is fatal': record(21, 0x0303, [2, 40]),
  'an alert of half a length': record(21, 0x0303, [2]),
  'a flood of warnings': Buffer.concat(Array.from({ length: 5_000 }, () => record(21, 0x0303, [1, 90]))),
  'a flood of empty records': Buffer.concat(Array.from({ length: 5_000 }, () => record(22, 0x0303, []))),
  'a flood of changes of ciphers': Buffer.concat(Array.from({ length: 5_000 }, () => record(20, 0x0303, [1]))),
};

/** A program of OpenSSL's as a client; what it says of itself and what it received, as text. */
function openssl(t: TestContext, port: number, options: string[]): { child: ChildProcess; text: () => string } {
  const to = ['-connect', `127.0.0.1:${port}`, '-servername', 'a.test'];
  const child = spawn('openssl', ['s_client', ...to, ...options]);
  let text = '';
  child.stdout.on('data', (bytes) => (text += String(bytes)));
  child.stderr.on('data', (bytes) => (text += String(bytes)));
  child.stdin.on('error', () => {});
  t.after(() => child.kill());
  return { child, text: () => text };
}

for (const sockets of KINDS) {
  for (const [what, bytes] of Object.entries(records)) {
    test(`${sockets}: ${what} behind a ClientHello, and behind a handshake`, { timeout: 10_000 }, async (t) => {
      const backend = await startHttp(t, (_req, res) => res.end('ok'));
      const { port, relay, proxy, ledger } = await startSecure(t, sockets, backend.port, { countsBytes: false });
      const early = connectTcp(port(8080), '127.0.0.1').on('error', () => {});
      early.write(Buffer.concat([await clientHello('a.test'), bytes]));
      early.resume();
      await until(() => proxy.stats.getTotalConnections() === 1);
      await ledger.settled();
      assert.equal(proxy.stats.getRejectReasons().get('tls-handshake'), 1);
      assert.equal(Object.values(proxy.stats.getTlsStats().failures).length, 1);
      early.destroy();
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const raw = connectTcp(relay.port, '127.0.0.1').on('error', () => {});
        const bounds = { minVersion: version, maxVersion: version };
        const client = connect({ socket: endless(raw), servername: 'a.test', ca: trusted, ...bounds });
        client.on('error', () => {});
        await once(client, 'secureConnect');
        client.write(GET);
        await once(client, 'data');
        raw.write(bytes);
        await ledger.settled();
        raw.destroy();
        client.destroy();
      }
      assert.deepEqual(
        ledger.closes.map(({ reason }) => reason),
        ['client-error', 'client-error'],
      );
    });
  }

  test(`${sockets}: no protocol, no cipher and no version in common`, async (t) => {
    const { relay, proxy, ledger } = await startSecure(t, sockets, 1, { tls: { versions: ['TLSv1.2'] } });
    const offers: ConnectionOptions[] = [
      { ALPNProtocols: ['h2', 'other'] },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      { minVersion: 'TLSv1.3' },
    ];
    for (const offer of offers) {
      const client = connect({ port: relay.port, host: '127.0.0.1', servername: 'a.test', ca: trusted, ...offer });
      await once(client, 'error');
      await ledger.settled();
    }
    const { failures } = proxy.stats.getTlsStats();
    assert.deepEqual(Object.keys(failures).length, 3, JSON.stringify(failures));
    assert.ok(Object.values(failures).every((count) => count === 1));
    assert.equal(ledger.rejections.length, 3);
  });

  test(`${sockets}: client certificates that are missing, of a stranger, expired, and good`, async (t) => {
    const ours = new CertificateAuthority('Ours');
    const names = ['client'];
    const past = { notBefore: new Date(Date.now() - 2e9), notAfter: new Date(Date.now() - 1e9) };
    const shown = {
      missing: {},
      strange: new CertificateAuthority('Theirs').issue({ names, usage: 'client' }),
      expired: ours.issue({ names, usage: 'client', ...past }),
      ours: ours.issue({ names, usage: 'client' }),
    };
    const backend = await startHttp(t, (req, res) => res.end(`<${String(req.headers['x-client'])}>`));
    const seen: Record<string, string[]> = { require: [], request: [] };
    for (const mode of ['require', 'request'] as const) {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const clientAuth = { mode, ca: ours.cert, subjectHeader: 'X-Client' };
        const { relay, ledger, proxy } = await startSecure(t, sockets, backend.port, { tls: { clientAuth } });
        for (const pair of Object.values(shown)) {
          const bounds = { minVersion: version, maxVersion: version };
          const at = { port: relay.port, host: '127.0.0.1', servername: 'a.test', ca: trusted };
          const client = connect({ ...at, ...bounds, ...pair }).on('error', () => {});
          let text = '';
          client.on('data', (bytes) => (text += String(bytes)));
          client.write(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
          await once(client, 'close').catch(() => {});
          seen[mode]!.push(/<.*>/.exec(text)?.[0] ?? 'refused');
          await ledger.settled();
        }
        const refused = mode === 'require' ? 3 : 0;
        assert.equal(proxy.stats.getRejectReasons().get('tls-handshake') ?? 0, refused);
      }
    }
    const refusals = ['refused', 'refused', 'refused', '<CN=client>'];
    const named = ['<undefined>', '<undefined>', '<undefined>', '<CN=client>'];
    assert.deepEqual(seen, { require: [...refusals, ...refusals], request: [...named, ...named] });
  });

  test(`${sockets}: stapled responses that throw, never come, and come when the client has left`, async (t) => {
    setBounds(t, { handshakeMs: 100 });
    const backend = await startHttp(t, (_req, res) => res.end('ok'));
    const waiting: Array<(response: Buffer) => void> = [];
    let throws = true;
    const ocsp = (): Promise<Buffer> => {
      if (throws) throw new Error('no responder');
      return new Promise((resolve) => waiting.push(resolve));
    };
    const tls = { certificate: { ...certificate, ocsp } };
    const { port, ledger, proxy } = await startSecure(t, sockets, backend.port, { tls, countsBytes: false });
    const asking = { requestOCSP: true };
    const client = await secureClient(port(8080), asking);
    await until(() => proxy.stats.getTlsStats().handshakes === 1);
    client.destroy();
    await ledger.settled();
    throws = false;
    const left = connect({ port: port(8080), host: '127.0.0.1', servername: 'a.test', ca: trusted, ...asking });
    left.on('error', () => {});
    await until(() => waiting.length === 1);
    left.destroy();
    await ledger.settled();
    const patient = connect({ port: port(8080), host: '127.0.0.1', servername: 'a.test', ca: trusted, ...asking });
    patient.on('error', () => {});
    await until(() => waiting.length === 2);
    await ledger.settled();
    assert.deepEqual({ ...proxy.stats.getTlsStats().failures }, { 'client-closed': 1, 'timeout': 1 });
    for (const answer of waiting) answer(Buffer.from('late'));
    for (let at = 0; at < 5; at += 1) await turn();
    patient.destroy();
    assert.equal(proxy.stats.getTlsStats().handshakes, 1);
  });

  test(`${sockets}: new keys, one after another, change nothing`, { skip: NO_OPENSSL }, async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('here'));
    const { relay, ledger } = await startSecure(t, sockets, backend.port);
    const { child, text } = openssl(t, relay.port, ['-tls1_3', '-crlf']);
    while (!text().includes('Verify return code')) await once(child.stdout!, 'data');
    for (let count = 1; count <= 40; count += 1) {
      child.stdin!.write('K\n');
      while (text().split('KEYUPDATE').length <= count) await once(child.stderr!, 'data');
    }
    child.stdin!.write('GET / HTTP/1.1\nHost: a.test\nConnection: close\n\n');
    const [code] = (await once(child, 'close')) as [number];
    assert.match(text(), /HTTP\/1\.1 200 OK[^]*here/);
    assert.equal(code, 0, text());
    await ledger.settled();
    assert.deepEqual([ledger.requests.length, relay.ends], [1, ['notified']]);
  });

  test(`${sockets}: another handshake is refused`, { skip: NO_OPENSSL }, async (t) => {
    const { relay, ledger, proxy } = await startSecure(t, sockets, 1, { countsBytes: false });
    const { child, text } = openssl(t, relay.port, ['-tls1_2', '-legacy_renegotiation']);
    while (!text().includes('Verify return code')) await once(child.stdout!, 'data');
    child.stdin!.write('R\n');
    await once(child, 'close');
    await ledger.settled();
    assert.equal(ledger.closes[0]!.reason, 'client-error');
    assert.equal(proxy.stats.getTlsStats().handshakes, 1);
  });
}
