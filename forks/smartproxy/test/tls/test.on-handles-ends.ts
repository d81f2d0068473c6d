// How terminated connections end, on every kind of socket: what the client can tell by it, and that nobody is waited for.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { setBounds } from '../helpers/bounds.ts';
import { patterned, sha256, startHttp, startTcp } from '../helpers/proxy.ts';
import { endless } from './secured.ts';
import { KINDS, secureClient, startSecure, trusted, turn, until, wholeOf } from './world.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const MORE_THAN_BUFFERS = 20_000_000;

for (const sockets of KINDS) {
  // Far below every time-out of the proxy: what ends, ends by what was done.
  const bounded = (name: string, body: (t: TestContext) => Promise<void>): void => {
    void test(`${sockets}: ${name}`, { timeout: 10_000 }, body);
  };

  bounded('close_notify behind every response that is the last', async (t) => {
    const body = patterned(300_000, 2);
    const backend = await startHttp(t, (_req, res) => res.end(body));
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { relay, proxy } = await startSecure(t, sockets, backend.port);
      for (const request of [GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'), 'BAD\r\n\r\n', GET]) {
        const client = await secureClient(relay.port, { minVersion: version, maxVersion: version });
        const whole = wholeOf(client);
        client.write(request);
        if (request === GET) client.end();
        const got = await whole;
        if (request.startsWith('GET')) assert.equal(sha256(got.subarray(-body.length)), sha256(body));
        client.destroy();
      }
      const idle = await secureClient(relay.port, { minVersion: version, maxVersion: version });
      idle.write(GET);
      let got = 0;
      idle.on('data', (bytes: Buffer) => (got += bytes.length));
      while (got < body.length + 60) await once(idle, 'data');
      const ended = once(idle, 'end');
      void proxy.stop({ drainTimeout: 5_000 });
      await ended;
      idle.destroy();
      await relay.ended(4);
      assert.deepEqual(relay.ends, ['notified', 'notified', 'notified', 'notified'], version);
    }
  });

  bounded('a body that the target breaks off has no close_notify behind it', async (t) => {
    for (const protocol of ['http', 'tcp'] as const) {
      let broken: (() => void) | null = null;
      const backend = await startTcp(t, (socket) => {
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome'));
        broken = () => void socket.resetAndDestroy();
      });
      const { relay, ledger } = await startSecure(t, sockets, backend.port, { match: { protocol } });
      const client = await secureClient(relay.port);
      client.write(GET);
      let text = '';
      client.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
      while (!text.endsWith('some')) await once(client, 'data');
      broken!();
      await relay.ended(1);
      assert.notEqual(relay.ends[0], 'notified');
      await ledger.settled();
      client.destroy();
    }
  });

  bounded('a target that ends a tunnel in order is an end in order, behind all that it sent', async (t) => {
    const bytes = patterned(MORE_THAN_BUFFERS, 5);
    const backend = await startTcp(t, (socket) => socket.end(bytes));
    const { relay, ledger } = await startSecure(t, sockets, backend.port, { match: { protocol: 'tcp' } });
    const client = await secureClient(relay.port);
    assert.equal(sha256(await wholeOf(client)), sha256(bytes));
    await relay.ended(1);
    assert.deepEqual(relay.ends, ['notified']);
    client.end();
    await ledger.settled();
  });

  bounded('a client that says close_notify and sends no FIN gets its response', async (t) => {
    const body = patterned(500_000, 6);
    const later = Promise.withResolvers<ServerResponse>();
    const backend = await startHttp(t, (_req, res) => later.resolve(res));
    const { relay, ledger } = await startSecure(t, sockets, backend.port);
    const raw = connectTcp(relay.port, '127.0.0.1');
    const client = connect({ socket: endless(raw), servername: 'a.test', ca: trusted });
    client.allowHalfOpen = true;
    const whole = wholeOf(client);
    await once(client, 'secureConnect');
    client.end(GET);
    const response = await later.promise;
    for (let at = 0; at < 20; at += 1) await turn();
    response.end(body);
    assert.equal(sha256((await whole).subarray(-body.length)), sha256(body));
    await ledger.settled();
    assert.equal(ledger.closes[0]!.reason, 'client-closed');
    assert.deepEqual(relay.ends, ['notified']);
    raw.destroy();
  });

  bounded('a FIN without close_notify: the response still comes', async (t) => {
    const later = Promise.withResolvers<ServerResponse>();
    const backend = await startHttp(t, (_req, res) => later.resolve(res));
    const { relay, ledger } = await startSecure(t, sockets, backend.port);
    const raw = connectTcp({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true });
    const client = connect({ socket: endless(raw), servername: 'a.test', ca: trusted });
    const whole = wholeOf(client);
    client.write(GET);
    const response = await later.promise;
    raw.end();
    for (let at = 0; at < 20; at += 1) await turn();
    response.end('late');
    assert.match(String(await whole), /late/);
    await ledger.settled();
    assert.equal(ledger.closes[0]!.reason, 'client-closed');
  });

  bounded('a reset in the midst of a request, of a response in a full queue, and while paused', async (t) => {
    const responses: ServerResponse[] = [];
    let began = 0;
    let aborted = 0;
    const backend = await startHttp(t, (req, res) => {
      began += 1;
      responses.push(res);
      res.on('close', () => (aborted += res.writableFinished ? 0 : 1));
      res.on('error', () => {});
      if (req.method === 'GET') {
        res.write(Buffer.alloc(MORE_THAN_BUFFERS));
      }
      // An upload is never read: the proxy pauses its client.
    });
    const { relay, ledger } = await startSecure(t, sockets, backend.port, { countsBytes: false });
    const post = `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${MORE_THAN_BUFFERS}\r\n\r\n`;
    for (const [index, head] of [post, post, GET].entries()) {
      const client = await secureClient(relay.port);
      client.pause();
      client.write(head);
      if (index === 1) client.write(Buffer.alloc(MORE_THAN_BUFFERS));
      const { length } = relay.sockets;
      await until(() => began > index);
      let moved = -1;
      while (moved !== relay.sent + relay.received) {
        moved = relay.sent + relay.received;
        for (let at = 0; at < 30; at += 1) await turn();
      }
      relay.sockets[length - 1]!.resetAndDestroy();
      client.destroy();
      while (ledger.closes.length <= index) {
        await turn();
        // Who does not read learns of it when there is something to write.
        if (index === 1) responses[index]!.destroy();
      }
    }
    await until(() => aborted === 3);
  });

  bounded('a client that resets while the proxy does not read is missed by the first bytes for it', async (t) => {
    if (sockets === 'net') return t.skip('a stream of Node that is paused does not tell');
    const backend = await startTcp(t, (socket) => socket.on('data', () => socket.pause()));
    const { relay, ledger } = await startSecure(t, sockets, backend.port, {
      match: { protocol: 'tcp' },
      countsBytes: false,
    });
    const client = await secureClient(relay.port);
    client.write(Buffer.alloc(MORE_THAN_BUFFERS));
    let moved = -1;
    while (moved !== relay.sent) {
      moved = relay.sent;
      for (let at = 0; at < 30; at += 1) await turn();
    }
    const [target] = backend.sockets;
    const gone = once(relay.sockets[0]!, 'close');
    relay.sockets[0]!.resetAndDestroy();
    client.destroy();
    await gone;
    await turn();
    target!.write('anybody?');
    await ledger.settled();
    assert.equal(ledger.closes[0]!.reason, 'client-error');
  });

  bounded('a client that closes everything behind its request ends a response that goes on for ever', async (t) => {
    const backend = await startHttp(t, (_req, res) => {
      const more = (): void => {
        if (!res.destroyed) res.write('more', () => setImmediate(more));
      };
      res.on('error', () => {});
      more();
    });
    const { relay, ledger } = await startSecure(t, sockets, backend.port, { countsBytes: false });
    const client = await secureClient(relay.port);
    client.write(GET);
    await once(client, 'data');
    client.end();
    await turn();
    client.destroy();
    relay.sockets[0]!.destroy();
    await ledger.settled();
  });

  bounded('a reset between the handshake and its tickets is no client that waits for its response', async (t) => {
    if (sockets === 'net') return t.skip('Node does not tell');
    let asked = 0;
    const backend = await startHttp(t, () => (asked += 1));
    const { port, ledger, proxy } = await startSecure(t, sockets, backend.port, { countsBytes: false });
    const raw = connectTcp(port(8080), '127.0.0.1').on('error', () => {});
    await once(raw, 'connect');
    let flights = 0;
    const over = new Duplex({
      read: () => {},
      write: (bytes, _encoding, done) => {
        raw.write(bytes);
        flights += 1;
        if (flights === 2) raw.resetAndDestroy();
        done();
      },
    });
    raw.on('data', (bytes) => over.push(bytes));
    const client = connect({ socket: over, servername: 'a.test', ca: trusted }).on('error', () => {});
    client.write(GET);
    await until(() => proxy.stats.getTlsStats().handshakes > 0);
    await ledger.settled();
    assert.ok(asked <= 1);
    client.destroy();
  });

  bounded('time-outs between requests and for a body end a connection in TLS as any other', async (t) => {
    setBounds(t, { keepAliveMs: 60, headMs: 60 });
    const backend = await startHttp(t, (_req, res) => void res.write('begun'));
    const { relay, ledger } = await startSecure(t, sockets, backend.port, { options: { socketTimeout: 80 } });
    const silent = await secureClient(relay.port);
    silent.write('GET / HT');
    assert.match(String(await wholeOf(silent)), /^HTTP\/1\.1 408 /);
    const stuck = await secureClient(relay.port);
    stuck.write(GET);
    await wholeOf(stuck);
    silent.destroy();
    stuck.destroy();
    await ledger.settled();
    await relay.ended(2);
    assert.deepEqual(
      relay.ends.map((how) => how === 'notified'),
      [true, false],
    );
  });

  bounded('a response under way when the proxy stops is the last one, and ends in order', async (t) => {
    const later = Promise.withResolvers<ServerResponse>();
    const backend = await startHttp(t, (_req, res) => {
      later.resolve(res);
      res.setHeader('Content-Length', 10).write('begun');
    });
    const { relay, proxy, ledger } = await startSecure(t, sockets, backend.port);
    const client = await secureClient(relay.port);
    const whole = wholeOf(client);
    client.write(GET);
    await once(client, 'data');
    const stopped = proxy.stop({ drainTimeout: 60_000 });
    for (let at = 0; at < 20; at += 1) await turn();
    (await later.promise).end('ended');
    assert.match(String(await whole), /begunended$/);
    await stopped;
    await relay.ended(1);
    assert.deepEqual([relay.ends, ledger.closes.map(({ reason }) => reason)], [['notified'], ['shutdown']]);
    client.destroy();
  });

  bounded('stop without a drain ends connections at every stage', async (t) => {
    const backend = await startHttp(t, (_req, res) => void res.write(Buffer.alloc(MORE_THAN_BUFFERS)));
    const { relay, proxy, ledger } = await startSecure(t, sockets, backend.port, { countsBytes: false });
    const clients = await Promise.all([1, 2, 3, 4].map(() => secureClient(relay.port)));
    clients[0]!.pause().write(GET);
    clients[1]!.write('GET / HT');
    clients[2]!.end();
    const half = connectTcp(relay.port, '127.0.0.1').on('error', () => {});
    half.write(Buffer.from([22, 3, 1, 2, 0]));
    for (let at = 0; at < 100; at += 1) await turn();
    await proxy.stop({ drainTimeout: 0 });
    await ledger.settled();
    for (const client of clients) client.destroy();
    half.destroy();
  });
}
