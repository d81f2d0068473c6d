// TLS: passthrough by SNI, termination, towards the target, client certificates, and what is counted of it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import { connect as connectTcp, createServer, type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, createServer as createTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { CertificateAuthority, selfSignedCertificate } from '@dcrouter/acme';
import { RawClient, forwardTo, patterned, sha256, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test', 'b.test']);
const own = { key, cert };
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

/** A TLS client that keeps what it got. */
async function tlsClient(
  port: number,
  options: ConnectionOptions = {},
): Promise<{ socket: TLSSocket; text: () => string; has: (text: string) => Promise<void> }> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false, ...options });
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return {
    socket,
    text: () => text,
    has: async (wanted) => {
      while (!text.includes(wanted)) await once(socket, 'data');
    },
  };
}

/** A relay that counts the TCP bytes of one connection in front of a port. */
async function countingRelay(
  t: TestContext,
  port: number,
): Promise<{ port: number; sent: () => number; received: () => number }> {
  let sent = 0;
  let received = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('data', (bytes) => (sent += bytes.length));
    target.on('data', (bytes) => (received += bytes.length));
    client.on('error', () => {});
    target.on('error', () => {});
    client.pipe(target);
    target.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, sent: () => sent, received: () => received };
}

test('terminates TLS and counts the bytes of the wire, records included', async (t) => {
  const body = patterned(700_000, 9);
  const backend = await startHttp(t, (_req, res) => res.setHeader('Content-Length', body.length).end(body));
  const { port, ledger, proxy } = await startProxy(t, [
    {
      ...forwardTo(backend.port),
      action: { ...forwardTo(backend.port).action, tls: { mode: 'terminate', certificate: own } },
    },
  ]);
  const relay = await countingRelay(t, port(8080));
  const client = await tlsClient(relay.port);
  client.socket.write(GET);
  const head = '\r\n\r\n';
  while (!client.text().includes(head) || client.text().length < body.length) await once(client.socket, 'data');
  const whole = client.text();
  assert.equal(sha256(Buffer.from(whole.slice(whole.indexOf(head) + 4), 'latin1')), sha256(body));
  client.socket.end();
  await once(client.socket, 'close');
  await ledger.settled();
  const [close] = ledger.closes;
  assert.equal(close!.type, 'https');
  assert.equal(close!.bytesIn, relay.sent());
  assert.equal(close!.bytesOut, relay.received());
  assert.ok(close!.bytesOut > body.length + 500);
  assert.equal(ledger.opens[0]!.domain, 'a.test');
  const stats = proxy.stats.getTlsStats();
  assert.equal(stats.handshakes, 1);
  assert.deepEqual(stats.versions, { 'TLSv1.3': 1 });
});

test('sessions are resumed, also on another route', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const terminate = { mode: 'terminate' as const, certificate: own };
  const route = (name: string, domains: string) => ({
    ...forwardTo(backend.port, { name }, { domains }),
    action: { ...forwardTo(backend.port).action, tls: terminate },
  });
  const { port, proxy } = await startProxy(t, [route('one', 'a.test'), route('two', 'b.test')]);
  const first = connect({ port: port(8080), host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false });
  first.on('data', () => {});
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  const second = await tlsClient(port(8080), { session });
  assert.equal(second.socket.isSessionReused(), true);
  while (proxy.stats.getTlsStats().handshakes < 2) await new Promise((resolve) => setImmediate(resolve));
  second.socket.destroy();
  assert.equal(proxy.stats.getTlsStats().resumptions, 1);
});

test('reads the SNI of a ClientHello in pieces and passes every byte through', async (t) => {
  const target = createTls({ key: own.key, cert: own.cert }, (socket) => socket.pipe(socket));
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  t.after(() => target.close());
  const targetPort = (target.address() as AddressInfo).port;
  const { port, ledger } = await startProxy(t, [
    {
      name: 'pass',
      match: { ports: 8443, domains: 'a.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: targetPort }], tls: { mode: 'passthrough' } },
    },
  ]);
  // A relay that hands the first bytes on one by one.
  const splitter = createServer((client) => {
    const onward = connectTcp(port(8443), '127.0.0.1');
    onward.setNoDelay(true);
    onward.on('error', () => {});
    client.on('error', () => {});
    onward.pipe(client);
    client.once('data', (hello: Buffer) => {
      client.pause();
      let at = 0;
      const step = (): void => {
        if (at < hello.length) onward.write(hello.subarray(at, (at += 97)), () => setImmediate(step));
        else client.pipe(onward);
      };
      step();
    });
  });
  splitter.listen(0, '127.0.0.1');
  await once(splitter, 'listening');
  t.after(() => splitter.close());
  const client = await tlsClient((splitter.address() as AddressInfo).port);
  client.socket.write('through the tunnel');
  await client.has('through the tunnel');
  client.socket.end();
  await ledger.settled();
  assert.equal(ledger.opens[0]!.type, 'tls');
  assert.equal(ledger.opens[0]!.domain, 'a.test');
});

test('an unknown name, no name and no TLS at all are refused with what TLS says', async (t) => {
  const { port, proxy, ledger } = await startProxy(t, [
    {
      name: 'pass',
      match: { ports: 8443, domains: 'a.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }], tls: { mode: 'passthrough' } },
    },
  ]);
  const refused = async (options: ConnectionOptions): Promise<string> => {
    const socket = connect({ port: port(8443), host: '127.0.0.1', rejectUnauthorized: false, ...options });
    const [error] = (await once(socket, 'error')) as [Error & { code?: string }];
    return error.code ?? error.message;
  };
  assert.match(await refused({ servername: 'other.test' }), /UNRECOGNIZED_NAME|EPROTO/);
  assert.match(await refused({}), /UNRECOGNIZED_NAME|EPROTO/);
  const plain = await RawClient.open(port(8443));
  plain.send(GET);
  await plain.until(({ ended, closed }) => ended || closed);
  plain.socket.destroy();
  await ledger.settled();
  assert.deepEqual(Object.fromEntries(proxy.stats.getRejectReasons()), { 'no-route': 1, 'no-sni': 1, 'not-tls': 1 });
  assert.equal(ledger.rejections.length, 3);
});

test('encrypts again towards the target and checks who it is', async (t) => {
  const authority = new CertificateAuthority('Test authority');
  const issued = authority.issue({ names: ['inner.test'] });
  let names: string[] = [];
  const target = createHttps(
    {
      key: issued.key,
      cert: issued.cert,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    },
    (req, res) => res.end(`secure ${req.headers['x-forwarded-proto'] as string}`),
  );
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  t.after(() => {
    target.closeAllConnections();
    target.close();
  });
  const port0 = (target.address() as AddressInfo).port;
  const route = (name: string, domains: string, backend: object) => ({
    name,
    match: { ports: 8443, domains },
    action: {
      type: 'forward' as const,
      targets: [{ host: '127.0.0.1', port: port0 }],
      tls: { mode: 'terminate-and-reencrypt' as const, certificate: own, backend },
    },
  });
  const { port, proxy } = await startProxy(t, [
    route('good', 'a.test', { ca: authority.cert, servername: 'inner.test' }),
    route('bad', 'b.test', { servername: 'inner.test' }),
  ]);
  const client = await tlsClient(port(8443));
  client.socket.write(GET);
  await client.has('secure https');
  client.socket.write(GET);
  while (client.text().split('secure https').length < 3) await once(client.socket, 'data');
  assert.deepEqual(names, ['inner.test']);
  client.socket.destroy();
  names = [];
  const wrong = await tlsClient(port(8443), { servername: 'b.test' });
  wrong.socket.write('GET / HTTP/1.1\r\nHost: b.test\r\n\r\n');
  await wrong.has('502 Bad Gateway');
  wrong.socket.destroy();
  assert.ok(Object.keys(proxy.stats.getUpstreamStats()[0]!.failures).length > 0);
});

test('asks clients for certificates, refuses those without, and names those with', async (t) => {
  const authority = new CertificateAuthority('Test authority');
  const known = authority.issue({ names: ['client-7'], usage: 'client' });
  const backend = await startHttp(t, (req, res) => res.end(`<${String(req.headers['x-client'])}>`));
  const route = (name: string, domains: string, mode: 'require' | 'request') => ({
    ...forwardTo(backend.port, { name }, { domains }),
    action: {
      ...forwardTo(backend.port).action,
      tls: {
        mode: 'terminate' as const,
        certificate: own,
        clientAuth: { mode, ca: authority.cert, subjectHeader: 'X-Client' },
      },
    },
  });
  const { port, proxy, ledger } = await startProxy(t, [
    route('must', 'a.test', 'require'),
    route('may', 'b.test', 'request'),
  ]);
  const ask = async (options: ConnectionOptions): Promise<string> => {
    const client = await tlsClient(port(8080), options);
    client.socket.write(`GET / HTTP/1.1\r\nHost: ${String(options.servername)}\r\nX-Client: forged\r\n\r\n`);
    await Promise.race([client.has('>'), once(client.socket, 'close')]).catch(() => {});
    client.socket.destroy();
    return /<.*>/.exec(client.text())?.[0] ?? 'refused';
  };
  assert.match(await ask({ servername: 'a.test', key: known.key, cert: known.cert }), /client-7/);
  assert.equal(await ask({ servername: 'a.test' }), 'refused');
  const stranger = selfSignedCertificate(['client-7']);
  assert.equal(await ask({ servername: 'a.test', key: stranger.key, cert: stranger.cert }), 'refused');
  assert.equal(await ask({ servername: 'b.test' }), '<undefined>');
  await ledger.settled();
  assert.equal(proxy.stats.getRejectReasons().get('tls-handshake'), 2);
});

test('a handshake that breaks off is counted once, with its reason', async (t) => {
  const { port, proxy, ledger } = await startProxy(t, [
    {
      ...forwardTo(1),
      action: { ...forwardTo(1).action, tls: { mode: 'terminate', certificate: own, versions: ['TLSv1.3'] } },
    },
  ]);
  const old = connect({
    port: port(8080),
    host: '127.0.0.1',
    servername: 'a.test',
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  });
  await once(old, 'error');
  await ledger.settled();
  const { failures } = proxy.stats.getTlsStats();
  assert.deepEqual(Object.values(failures), [1]);
  assert.match(Object.keys(failures)[0]!, /protocol/);
  assert.equal(ledger.rejections.length, 1);
});

test('decrypted bytes can be tunnelled', async (t) => {
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const { port, ledger } = await startProxy(t, [
    {
      name: 'raw-tls',
      match: { ports: 8443, domains: 'a.test', protocol: 'tcp' },
      action: {
        type: 'forward',
        targets: [{ host: '127.0.0.1', port: echo.port }],
        tls: { mode: 'terminate', certificate: own },
      },
    },
  ]);
  const client = await tlsClient(port(8443));
  const bytes = patterned(1_000_000, 2).toString('latin1');
  client.socket.write(bytes, 'latin1');
  while (client.text().length < bytes.length) await once(client.socket, 'data');
  assert.equal(sha256(Buffer.from(client.text(), 'latin1')), sha256(Buffer.from(bytes, 'latin1')));
  client.socket.end();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.type, 'tls');
});
