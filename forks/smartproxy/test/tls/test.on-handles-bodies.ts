// Bodies through terminated TLS, with real clients, on every kind of socket: what goes in comes out.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { patterned, sha256, startHttp, startTcp } from '../helpers/proxy.ts';
import { frame } from '../websocket/frame.ts';
import { KINDS, secureClient, startSecure, trusted, turn, wholeOf } from './world.ts';

const BIG = patterned(20_000_000, 21);
const DIGEST = sha256(BIG);

async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Downloads BIG, tells the digest of what was uploaded, or echoes. */
async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.url === '/down') res.setHeader('Content-Length', BIG.length).end(BIG);
  else if (req.url === '/chunked') {
    res.setHeader('Trailer', 'X-Sum');
    for (let at = 0; at < BIG.length; at += 99_991) {
      if (!res.write(BIG.subarray(at, at + 99_991))) await once(res, 'drain');
    }
    res.addTrailers({ 'X-Sum': DIGEST });
    res.end();
  } else if (req.url === '/echo') req.pipe(res);
  else res.end(sha256(await bodyOf(req)) + (req.trailers['x-sum'] ?? ''));
}

for (const sockets of KINDS) {
  const at = (port: number): object => ({ port, host: '127.0.0.1', servername: 'a.test', ca: trusted });
  const headers = { Host: 'a.test' };

  test(`${sockets}: 20 MB down and up, chunked and not, with trailers, on one connection`, async (t) => {
    const backend = await startHttp(t, (req, res) => void answer(req, res));
    const { relay, ledger } = await startSecure(t, sockets, backend.port, { match: { protocol: 'http' } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const ask = async (path: string, more: object, body: Buffer | null): Promise<IncomingMessage> => {
      const sent = request({ ...at(relay.port), agent, path, headers, ...more });
      if (body === null) sent.end();
      else {
        for (let from = 0; from < body.length; from += 333_333) sent.write(body.subarray(from, from + 333_333));
        if ('chunked' in more) sent.addTrailers({ 'X-Sum': '!' });
        sent.end();
      }
      return ((await once(sent, 'response')) as [IncomingMessage])[0];
    };
    assert.equal(sha256(await bodyOf(await ask('/down', {}, null))), DIGEST);
    const chunked = await ask('/chunked', {}, null);
    assert.equal(sha256(await bodyOf(chunked)), DIGEST);
    assert.equal(chunked.trailers['x-sum'], DIGEST);
    const known = { method: 'POST', headers: { ...headers, 'Content-Length': BIG.length } };
    assert.equal(String(await bodyOf(await ask('/up', known, BIG))), DIGEST);
    const open = { method: 'POST', chunked: true, headers: { ...headers, Trailer: 'X-Sum' } };
    assert.equal(String(await bodyOf(await ask('/up', open, BIG))), `${DIGEST}!`);
    agent.destroy();
    await ledger.settled();
    assert.equal(ledger.opens.length, 1);
  });

  test(`${sockets}: 20 MB both ways at once, echoed, each side pausing by turns`, async (t) => {
    for (const protocol of ['http', 'tcp'] as const) {
      const backend =
        protocol === 'http'
          ? await startHttp(t, (req, res) => void answer(req, res))
          : await startTcp(t, (socket) => socket.pipe(socket));
      const { relay } = await startSecure(t, sockets, backend.port, { match: { protocol } });
      const client = await secureClient(relay.port);
      const head =
        protocol === 'tcp'
          ? ''
          : `POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${BIG.length}\r\nConnection: close\r\n\r\n`;
      const parts: Buffer[] = [];
      let reads = 0;
      client.on('data', (part: Buffer) => {
        parts.push(part);
        reads += 1;
        if (reads % 50 !== 0) return;
        client.pause();
        setImmediate(() => setImmediate(() => client.resume()));
      });
      client.write(head);
      for (let from = 0; from < BIG.length; from += 1_000_000) {
        if (!client.write(BIG.subarray(from, from + 1_000_000))) await once(client, 'drain');
        await turn();
      }
      if (protocol === 'tcp') client.end();
      await once(client, 'end');
      const whole = Buffer.concat(parts);
      assert.equal(sha256(protocol === 'tcp' ? whole : dechunked(whole)), DIGEST);
      await relay.ended(1);
      assert.deepEqual(relay.ends, ['notified']);
      client.destroy();
    }
  });

  test(`${sockets}: pipelined requests on a kept connection, 100-continue among them`, async (t) => {
    const backend = await startHttp(t, (req, res) => void bodyOf(req).then((body) => res.end(`<${req.url}:${body}>`)));
    const { relay } = await startSecure(t, sockets, backend.port);
    const client = await secureClient(relay.port);
    let pipelined = '';
    for (let number = 0; number < 500; number += 1) pipelined += `GET /${number} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
    client.write(pipelined);
    const last = 'Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n';
    client.write(`POST /last HTTP/1.1\r\nHost: a.test\r\n${last}\r\n`);
    let text = '';
    client.on('data', (part: Buffer) => {
      if (!text.includes('100 Continue') && (text + String(part)).includes('100 Continue')) client.write('ab');
      text += String(part);
    });
    await once(client, 'end');
    assert.match(text, /<\/last:ab>/);
    assert.deepEqual(
      [...text.matchAll(/<\/(\d+):>/g)].map(([, number]) => Number(number)),
      Array.from({ length: 500 }, (_, number) => number),
    );
  });

  test(`${sockets}: a WebSocket with frames of a megabyte both ways`, async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end());
    backend.server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    });
    const { relay, ledger } = await startSecure(t, sockets, backend.port);
    const client = await secureClient(relay.port);
    const whole = wholeOf(client);
    const frames = [1, 2, 3, 4].map((seed) => frame(2, patterned(1_000_000 * seed, seed), true));
    client.write(
      'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    for (const each of frames) client.write(each);
    client.end();
    const got = await whole;
    assert.equal(sha256(got.subarray(got.indexOf('\r\n\r\n') + 4)), sha256(Buffer.concat(frames)));
    client.destroy();
    await relay.ended(1);
    assert.deepEqual(relay.ends, ['notified']);
    await ledger.settled();
    assert.equal(ledger.closes[0]!.type, 'websocket');
  });

  test(`${sockets}: 250 clients at once`, async (t) => {
    const backend = await startHttp(t, (req, res) => void answer(req, res));
    const { relay, proxy, ledger } = await startSecure(t, sockets, backend.port);
    const body = patterned(40_000, 4);
    const one = async (number: number): Promise<string> => {
      const more = { method: 'POST', agent: false, path: number % 2 === 0 ? '/echo' : '/up', headers };
      const sent = request({ ...at(relay.port), ...more });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const got = await bodyOf(response);
      return number % 2 === 0 ? sha256(got) : String(got);
    };
    const digests = await Promise.all(Array.from({ length: 250 }, (_, number) => one(number)));
    assert.deepEqual(new Set(digests), new Set([sha256(body)]));
    await ledger.settled();
    assert.equal(proxy.stats.getTlsStats().handshakes, 250);
  });

  test(`${sockets}: curl sees the end of a body that only the end of TLS delimits, and misses it where it was cut`, async (t) => {
    if (spawn('curl', ['--version']).on('error', () => {}).pid === undefined)
      return t.skip('the program curl is missing');
    let finish = (): unknown => null;
    const backend = await startTcp(t, (socket) => {
      socket.once('data', (head) => {
        socket.write('HTTP/1.0 200 OK\r\n\r\nunbounded');
        finish = () => (String(head).includes('/whole') ? socket.end() : socket.resetAndDestroy());
      });
    });
    const { relay } = await startSecure(t, sockets, backend.port, { countsBytes: false });
    const run = async (path: string): Promise<{ code: number; text: string }> => {
      const to = ['--connect-to', `a.test::127.0.0.1:${relay.port}`, `https://a.test/${path}`];
      const child = spawn('curl', ['-skN', '--http1.0', ...to]);
      let text = '';
      child.stdout.on('data', (bytes) => {
        text += String(bytes);
        if (text === 'unbounded') finish();
      });
      const [code] = (await once(child, 'close')) as [number];
      return { code, text };
    };
    assert.deepEqual(await run('whole'), { code: 0, text: 'unbounded' });
    const cut = await run('cut');
    assert.equal(cut.text, 'unbounded');
    // curl takes a FIN without close_notify for an end; a reset it does not.
    assert.notEqual(cut.code, 0);
    await relay.ended(2);
    assert.deepEqual(relay.ends, ['notified', 'reset']);
  });
}

/** The body of a response in chunks (RFC 9112 §7.1). */
function dechunked(response: Buffer): Buffer {
  let at = response.indexOf('\r\n\r\n') + 4;
  if (!/transfer-encoding: chunked/i.test(response.toString('latin1', 0, at))) return response.subarray(at);
  const parts: Buffer[] = [];
  for (;;) {
    const end = response.indexOf('\r\n', at);
    const length = Number.parseInt(response.toString('latin1', at, end), 16);
    if (length === 0) return Buffer.concat(parts);
    parts.push(response.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
