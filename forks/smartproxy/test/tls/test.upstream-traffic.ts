// What passes inside TLS with targets, on handles and on Node's streams: all of it, both ways, and how it ends.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { RawClient, patterned, sha256 } from '../helpers/proxy.ts';
import * as targets from './targets.ts';
import { GET, SOCKETS, authority, toInner } from './targets.ts';

const BIG = 9_000_000;
const ASKS = { ca: authority.cert, requestCert: true, rejectUnauthorized: true };

/** Sockets of this process. */
const openSockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;

/** Answers a body with its own digest's bytes behind it: the whole of what came, back again. */
function mirror(length: number): (socket: TLSSocket) => void {
  return (socket) => {
    const parts: Buffer[] = [];
    let left = length;
    socket.on('data', (bytes: Buffer) => {
      const at = parts.length === 0 ? bytes.indexOf('\r\n\r\n') + 4 : 0;
      parts.push(bytes.subarray(at));
      left -= bytes.length - at;
      if (left > 0) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
      socket.write(Buffer.concat(parts));
    });
  };
}

for (const sockets of SOCKETS) {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${sockets}, ${maxVersion}: a body of megabytes comes back as it went`, async (t) => {
      const target = await targets.startTarget(t, { maxVersion }, mirror(BIG));
      const { port } = await targets.startRoute(t, target.port, toInner, sockets);
      const client = await RawClient.openTls(port(8080), 'a.test');
      const body = patterned(BIG, 5);
      client.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${BIG}\r\n\r\n`);
      client.socket.write(body);
      await client.until(
        ({ received }) => received.length >= BIG && received.length >= received.indexOf('\r\n\r\n') + 4 + BIG,
      );
      assert.equal(sha256(client.received.subarray(client.received.indexOf('\r\n\r\n') + 4)), sha256(body));
      client.socket.destroy();
    });
  }

  test(`${sockets}: a tunnel carries megabytes both ways, and each end by itself`, async (t) => {
    const target = await targets.startTarget(t, {}, (socket) => {
      socket.pipe(socket);
    });
    const { port, ledger } = await targets.startRoute(t, target.port, toInner, sockets, 'tcp');
    const client = await RawClient.openTls(port(8080), 'a.test');
    const bytes = patterned(BIG, 6);
    client.socket.write(bytes);
    client.socket.end();
    await client.until(({ ended }) => ended);
    assert.equal(sha256(client.received), sha256(bytes));
    client.socket.destroy();
    await ledger.settled();
  });

  test(`${sockets}: a client that ended ahead of the handshake with the target gets its answer`, async (t) => {
    const target = await targets.startTarget(t, {}, (socket) => {
      socket.on('end', () => socket.end('farewell')).resume();
    });
    const { port, ledger } = await targets.startRoute(t, target.port, toInner, sockets, 'tcp');
    const client = await RawClient.openTls(port(8080), 'a.test');
    client.socket.end();
    assert.equal(await client.whole(), 'farewell');
    await ledger.settled();
  });

  test(`${sockets}: connections are kept, and a stale one is replaced unseen`, async (t) => {
    const target = await targets.startTarget(t, {});
    const { port, proxy } = await targets.startRoute(t, target.port, toInner, sockets);
    const client = await RawClient.openTls(port(8080), 'a.test');
    const next = async (): Promise<void> => {
      client.received = Buffer.alloc(0);
      client.send(GET);
      await client.has('inside');
    };
    await next();
    await next();
    const upstream = (): { connects: number; reuses: number; retries: number } =>
      proxy.stats.getUpstreamStats()[0]! as never;
    assert.equal(upstream().connects, 1);
    assert.equal(upstream().reuses, 1);
    const socket = await target.first;
    // The next request is answered by a reset: its connection was stale, and that is nobody's fault.
    socket.removeAllListeners('data');
    socket.once('data', () => targets.reset(socket));
    await next();
    assert.equal(upstream().connects, 2);
    assert.equal(upstream().retries, 1);
    // An end while it is idle.
    const [second] = target.sockets;
    second!.end();
    while (proxy.stats.getPoolStats().idle > 0) await new Promise((resolve) => setImmediate(resolve));
    await next();
    assert.equal(upstream().connects, 3);
    client.socket.destroy();
  });

  test(`${sockets}: a response that is reset in its midst is not taken for a whole one`, async (t) => {
    const target = await targets.startTarget(t, {}, (socket) => {
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => targets.reset(socket));
      });
    });
    const { port, ledger } = await targets.startRoute(t, target.port, toInner, sockets);
    const client = await RawClient.openTls(port(8080), 'a.test');
    client.send(GET);
    await client.until(({ ended, closed }) => ended || closed);
    client.socket.destroy();
    await ledger.settled();
    assert.equal(ledger.requests[0]!.error, 'aborted');
  });

  test(`${sockets}: TLS 1.3 tells of a missing certificate behind the handshake; nobody gets an answer`, async (t) => {
    const target = await targets.startTarget(t, ASKS);
    const { port, ledger } = await targets.startRoute(t, target.port, toInner, sockets);
    assert.match(await targets.ask(port(8080)), /^HTTP\/1\.1 502 /);
    await ledger.settled();
    assert.match(ledger.upstreamErrors[0]!.error ?? '', /certificate required|ECONNRESET|EPIPE/);
  });

  test(`${sockets}: a client that resets its tunnel ends the target's side`, async (t) => {
    const target = await targets.startTarget(t, {}, (socket) => {
      socket.pipe(socket);
    });
    const { port, ledger } = await targets.startRoute(t, target.port, toInner, sockets, 'tcp');
    const client = await RawClient.openTls(port(8080), 'a.test');
    client.send('hello');
    await client.has('hello');
    const socket = await target.first;
    let error: NodeJS.ErrnoException | undefined;
    socket.on('error', (each) => (error = each));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('end', () => socket.destroy());
    targets.reset(client.socket);
    await closed;
    // Node's streams have no way to pass the reset on.
    assert.equal(error?.code, sockets === 'net' ? undefined : 'ECONNRESET');
    await ledger.settled();
  });

  test(`${sockets}: two hundred at once, and every socket is given back`, async (t) => {
    const before = openSockets();
    const target = await targets.startTarget(t, {});
    const { port, ledger, proxy, onStreams } = await targets.startRoute(t, target.port, toInner, sockets);
    const listening = openSockets();
    const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.openTls(port(8080), 'a.test')));
    for (const client of clients) client.send(GET);
    await Promise.all(clients.map((client) => client.has('inside')));
    for (const client of clients) client.socket.destroy();
    const { connects } = proxy.stats.getUpstreamStats()[0]!;
    assert.equal(onStreams(), sockets === 'net' ? connects : 0);
    for (const socket of target.sockets) socket.end();
    await ledger.settled();
    while (openSockets() > listening) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(listening > before);
  });
}
