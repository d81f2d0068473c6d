// What the engine refuses to save itself: bodies that trickle, connections while memory is short, nameless resumption.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const over = (client: RawClient): boolean => client.ended || client.closed;

/** Between two pieces of a slow body, ms: shorter than any time-out, so that only the rate can end it. */
const PIECE_MS = 10;

test('a body that never comes to its end is refused for its rate, one that keeps the rate is not', async (t) => {
  let ended = 0;
  const backend = await startHttp(t, (req, res) => {
    req.resume();
    req.on('end', () => {
      ended += 1;
      res.end('ok');
    });
    req.on('error', () => {});
  });
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const trickle = async (): Promise<RawClient> => {
    const client = await RawClient.open(port(8080));
    client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n');
    return client;
  };
  // With the usual bounds a second of single bytes is no offence yet: the grace is 20 s.
  const patient = await trickle();
  for (let piece = 0; piece < 20; piece += 1) {
    patient.send('x');
    await pause(PIECE_MS);
  }
  assert.equal(patient.text, '');
  patient.socket.destroy();

  setBounds(t, { bodyGraceMs: 200, bodyBytesPerSecondMin: 10_000 });
  const slow = await trickle();
  while (!slow.text.includes('\r\n\r\n') && !over(slow)) {
    slow.send('x');
    await pause(PIECE_MS);
  }
  assert.match(slow.text, /^HTTP\/1\.1 408 /);
  assert.match(slow.text, /Connection: close/);
  slow.socket.destroy();

  const brisk = await RawClient.open(port(8080));
  const body = 'y'.repeat(20_000);
  const pieces = 20;
  brisk.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${pieces * body.length}\r\n\r\n`);
  for (let piece = 0; piece < pieces; piece += 1) {
    brisk.send(body);
    await pause(2 * PIECE_MS);
  }
  await brisk.has('ok');
  brisk.socket.destroy();
  await ledger.settled();
  assert.equal(ended, 1, 'only the whole body reached its end at the backend');
  assert.equal(proxy.stats.getRejectReasons().get('request-timeout'), 1);
  assert.equal(proxy.stats.getTotals().rejected, 1);
});

test('a body is not slow while its target keeps it waiting', async (t) => {
  setBounds(t, { bodyGraceMs: 400, bodyBytesPerSecondMin: 10_000 });
  const waitMs = 600;
  let begun = Promise.withResolvers<void>();
  const take = (req: IncomingMessage, res: ServerResponse): void => {
    req.on('data', () => begun.resolve());
    req.on('end', () => res.end('ok'));
  };
  const backend = await startHttp(t, (req, res) => {
    if (req.url === '/first') setTimeout(take, waitMs, req, res);
    else take(req, res);
  });
  backend.server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    setTimeout(() => {
      res.writeContinue();
      take(req, res);
    }, waitMs);
  });
  const route = forwardTo(backend.port);
  route.action.advanced = { maxConnectionsPerTarget: 1 };
  const { port } = await startProxy(t, [route]);
  const client = await RawClient.open(port(8080));
  const sendBody = async (): Promise<void> => {
    begun = Promise.withResolvers();
    client.send('on');
    await begun.promise;
    client.send('ce');
    await client.has('ok');
    client.received = Buffer.alloc(0);
  };
  const head = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n';
  client.send(`${head}Expect: 100-continue\r\n\r\n`);
  await client.has('HTTP/1.1 100 ');
  await sendBody();

  // Or while somebody else has its place.
  const first = await RawClient.open(port(8080));
  const arrived = once(backend.server, 'request');
  first.send('GET /first HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await arrived;
  client.send(`${head}\r\n`);
  await first.has('ok');
  await sendBody();
  for (const each of [first, client]) each.socket.destroy();
});

test('without allowSessionTicket a client that resumes must say its name', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { key, cert } = selfSignedCertificate(['a.test']);
  // Without domains the route takes nameless clients too, so that only the option can refuse them.
  const route = {
    name: 'web',
    match: { ports: 8443 },
    action: {
      type: 'forward' as const,
      targets: [{ host: '127.0.0.1', port: backend.port }],
      tls: { mode: 'terminate' as const, certificate: { key, cert } },
    },
  };
  for (const allowSessionTicket of [true, false]) {
    const { port, proxy } = await startProxy(t, [route], { allowSessionTicket });
    const dial = (servername: string, session?: Buffer): TLSSocket => {
      const socket = connect({ port: port(8443), host: '127.0.0.1', servername, session, rejectUnauthorized: false });
      socket.on('error', () => {});
      return socket;
    };
    const closed = async (socket: TLSSocket): Promise<void> => {
      socket.resume().end();
      await once(socket, 'close');
    };
    const sessionOf = async (servername: string): Promise<Buffer> => {
      const socket = dial(servername);
      socket.on('data', () => {});
      const [session] = (await once(socket, 'session')) as [Buffer];
      socket.destroy();
      return session;
    };
    const named = dial('a.test', await sessionOf('a.test'));
    await once(named, 'secureConnect');
    assert.equal(named.isSessionReused(), true);
    // Not destroyed: its part of the handshake must still get out.
    named.end();
    // Nameless and fresh is the route's business, not the option's.
    const nameless = dial('', await sessionOf(''));
    if (allowSessionTicket) {
      await once(nameless, 'secureConnect');
      assert.equal(nameless.isSessionReused(), true);
      await closed(nameless);
      continue;
    }
    // Refused by an alert, which `once` would reject with.
    await new Promise((resolve) => nameless.once('close', resolve));
    assert.equal(proxy.stats.getRejectReasons().get('resumption-without-sni'), 1);
    assert.equal(proxy.stats.getTotals().rejected, 1);
  }
});
