// What the tests of other Node proxies ask for, in our words: streaming, keep-alive, odd but legal messages, errors.
// The clients are Node's own; the targets note what reached them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

interface IAnswer {
  readonly response: IncomingMessage;
  readonly body: Buffer;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function ask(port: number, options: RequestOptions, body?: string | Buffer): Promise<IAnswer> {
  const headers = { Host: 'a.test', ...(options.headers as object) };
  const sent = httpRequest({ host: '127.0.0.1', port, agent: false, ...options, headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { response, body: await bodyOf(response) };
}

test('methods, targets and bodies arrive as they were sent, with the same framing', async (t) => {
  const seen: unknown[] = [];
  const backend = await startHttp(t, (req, res) => {
    void bodyOf(req).then((body) => {
      const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
      seen.push([req.method, req.url, length, coding, body.toString()]);
      res.end();
    });
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const cases: Array<[method: string, path: string, headers: Record<string, string>, body: string | undefined]> = [
    ['GET', '/?', {}, undefined],
    ['GET', '/a%20b/%C3%BC;x=1?q=%26&q=2&empty=', {}, undefined],
    ['GET', '/with-body', { 'Content-Length': '4' }, 'body'],
    ['DELETE', '/none', {}, undefined],
    ['DELETE', '/some', { 'Content-Length': '4' }, 'body'],
    ['POST', '/empty', { 'Content-Length': '0' }, undefined],
    ['POST', '/chunked', { 'Transfer-Encoding': 'chunked' }, 'body'],
    ['PUT', '/', { 'Content-Length': '4' }, 'body'],
    ['PATCH', '/', { 'Content-Length': '4' }, 'body'],
    ['OPTIONS', '/', {}, undefined],
  ];
  for (const [method, path, headers, body] of cases) {
    const { response } = await ask(port(8080), { method, path, headers }, body);
    assert.equal(response.statusCode, 200, `${method} ${path}`);
  }
  assert.deepEqual(
    seen,
    cases.map(([method, path, headers, body]) => {
      const { 'Content-Length': length, 'Transfer-Encoding': coding } = headers;
      return [method, path, length, coding, body ?? ''];
    }),
  );
});

test("a target's fields arrive apart, in order and in their spelling, and none is rewritten", async (t) => {
  const backend = await startHttp(t, (_req, res) => {
    const fields = ['Set-Cookie', 'a=1; Path=/', 'X-ODD-case', 'one', 'Set-Cookie', 'b=2', 'x-odd-case', 'two'];
    res.writeHead(302, [...fields, 'Location', 'http://127.0.0.1:1/inside?a', 'Content-Length', '0']);
    res.end();
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const { response } = await ask(port(8080), {});
  assert.equal(response.statusCode, 302);
  const { rawHeaders } = response;
  assert.deepEqual(rawHeaders.slice(0, 10), [
    'Set-Cookie',
    'a=1; Path=/',
    'X-ODD-case',
    'one',
    'Set-Cookie',
    'b=2',
    'x-odd-case',
    'two',
    'Location',
    'http://127.0.0.1:1/inside?a',
  ]);
});

test('compressed bodies, and the length of what HEAD does not send, are left as they are', async (t) => {
  const zipped = gzipSync('text '.repeat(10_000));
  const backend = await startHttp(t, (_req, res) => {
    res.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': zipped.length });
    res.end(zipped);
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const whole = await ask(port(8080), { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(gunzipSync(whole.body).length, 50_000);
  const head = await ask(port(8080), { method: 'HEAD' });
  assert.equal(head.response.headers['content-length'], String(zipped.length));
  assert.equal(head.body.length, 0);
});

test('each event of a stream arrives when it is sent, and its target learns that the client left', async (t) => {
  const sending = Promise.withResolvers<(text: string) => void>();
  const left = Promise.withResolvers<void>();
  const backend = await startHttp(t, (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.on('close', () => left.resolve());
    sending.resolve((text) => void res.write(`data: ${text}\n\n`));
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const sent = httpRequest({ host: '127.0.0.1', port: port(8080), agent: false, headers: { Host: 'a.test' } });
  sent.end();
  const send = await sending.promise;
  send('0');
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  for (let at = 0; at < 5; at += 1) {
    const [part] = (await once(response, 'data')) as [Buffer];
    assert.equal(part.toString(), `data: ${at}\n\n`);
    send(String(at + 1));
  }
  response.on('error', () => {});
  response.destroy();
  // A client that only ends its side may still be reading; the next events show that it is not.
  const timer = setInterval(() => send('more'), 20);
  await left.promise;
  clearInterval(timer);
  await ledger.settled();
  assert.equal(ledger.requests[0]!.error, 'client-gone');
});

test('a target may answer piece by piece while the request is still being sent', async (t) => {
  const backend = await startHttp(t, (req, res) => void req.pipe(res));
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const headers = { 'Host': 'a.test', 'Transfer-Encoding': 'chunked' };
  const sent = httpRequest({ host: '127.0.0.1', port: port(8080), agent: false, method: 'POST', headers });
  sent.write('piece 0');
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  for (let at = 0; at < 20; at += 1) {
    const [part] = (await once(response, 'data')) as [Buffer];
    assert.equal(part.toString(), `piece ${at}`);
    if (at < 19) sent.write(`piece ${at + 1}`);
  }
  sent.end();
  await once(response, 'end');
  await ledger.settled();
  assert.equal(ledger.requests[0]!.statusCode, 200);
  assert.equal(ledger.requests[0]!.error, undefined);
});

test('one client connection and one target connection carry many requests', async (t) => {
  const peers = new Set<number>();
  const backend = await startHttp(t, (req, res) => {
    peers.add(req.socket.remotePort!);
    res.end('ok');
  });
  const { port, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let at = 0; at < 10; at += 1) assert.equal((await ask(port(8080), { agent })).body.toString(), 'ok');
  agent.destroy();
  assert.equal(peers.size, 1);
  assert.equal(proxy.stats.getTotalConnections(), 1);
  assert.equal(proxy.stats.getUpstreamStats()[0]!.reuses, 9);
});

test('a target that closes after each answer, by HTTP/1.1 or 1.0, does not end the client connection', async (t) => {
  for (const head of [
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n',
    'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n',
  ]) {
    const backend = await startTcp(t, (socket) => void socket.once('data', () => socket.end(`${head}ok`)));
    const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)]);
    const client = await RawClient.open(port(8080));
    for (let at = 1; at <= 3; at += 1) {
      client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
      await client.until(({ text }) => text.split('\r\n\r\nok').length > at);
    }
    assert.doesNotMatch(client.text, /Connection: close/i);
    client.socket.destroy();
    await ledger.settled();
    assert.equal(proxy.stats.getUpstreamStats()[0]!.connects, 3);
  }
});

test('a client that breaks off before the answer frees its target', async (t) => {
  const reached = Promise.withResolvers<IncomingMessage>();
  const backend = await startHttp(t, (req) => reached.resolve(req));
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const sent = httpRequest({ host: '127.0.0.1', port: port(8080), agent: false, headers: { Host: 'a.test' } });
  sent.on('error', () => {});
  sent.end();
  const closed = once((await reached.promise).socket, 'close');
  // With a plain end it could still be waiting for the answer (RFC 9112 §9.6 knows half-closed connections).
  sent.socket!.resetAndDestroy();
  await closed;
  await ledger.settled();
  assert.deepEqual([ledger.requests[0]!.statusCode, ledger.requests[0]!.error], [0, 'client-gone']);
  assert.equal(proxy.stats.getPoolStats().idle, 0);
});

const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: c=1\r\n\r\n';

test('an upgrade keeps every cookie and field of both heads, and ends on either side end the other', async (t) => {
  let got = '';
  const backend = await startTcp(t, (socket) => {
    socket.on('end', () => socket.end());
    socket.once('data', (head: Buffer) => {
      got = String(head);
      const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';
      const cookies = 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n';
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${accept}${cookies}\r\n`,
      );
      socket.on('data', (bytes: Buffer) => void (String(bytes) === 'bye' ? socket.destroy() : socket.write(bytes)));
    });
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  for (const end of ['client', 'target']) {
    const client = await RawClient.open(port(8080));
    client.send(HANDSHAKE);
    await client.has('\r\n\r\n');
    assert.match(client.text, /Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n/);
    assert.match(got, /Cookie: c=1\r\n/);
    assert.match(got, /Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n/);
    client.received = Buffer.alloc(0);
    // A frame far above any buffer's size.
    const frame = 'f'.repeat(1_000_000);
    client.send(frame);
    await client.until(({ text }) => text.length === frame.length);
    if (end === 'client') client.socket.destroy();
    else {
      client.send('bye');
      await client.until((each) => each.ended || each.closed).catch(() => {});
      client.socket.destroy();
    }
    await ledger.settled();
    assert.equal(backend.sockets.size, 0, `ended by the ${end}`);
  }
});

test('a target that is not there, or goes in the midst of a handshake, is a 502', async (t) => {
  const gone = await startTcp(t, (socket) => void socket.once('data', () => socket.destroy()));
  const half = await startTcp(t, (socket) => void socket.once('data', () => socket.end('HTTP/1.1 101 Switch')));
  const { port } = await startProxy(t, [
    forwardTo(gone.port),
    forwardTo(half.port, { name: 'half' }, { ports: 8081 }),
    forwardTo(1, { name: 'none' }, { ports: 8082 }),
  ]);
  for (const each of [8080, 8081, 8082]) {
    const client = await RawClient.open(port(each));
    client.send(HANDSHAKE);
    await client.has('\r\n\r\n');
    assert.match(client.text, /^HTTP\/1\.1 502 /, `port ${each}`);
    client.socket.destroy();
  }
});

test("Node's own WebSocket client talks through the proxy", async (t) => {
  const { createHash } = await import('node:crypto');
  const backend = await startTcp(t, (socket) => {
    socket.once('data', (head: Buffer) => {
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(String(head))![1]!;
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
      socket.write(`${upgrade}Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`);
      socket.write(Buffer.from([0x81, 5, ...Buffer.from('hello')]));
      // A close frame of the client is answered with one.
      socket.on('data', (frame: Buffer) => {
        if ((frame[0]! & 0x0f) === 8) socket.end(Buffer.from([0x88, 2, 0x03, 0xe8]));
      });
    });
  });
  const route = forwardTo(backend.port, {}, { domains: 'localhost' });
  const { port, ledger } = await startProxy(t, [route], { listenAddress: '127.0.0.1' });
  const client = new WebSocket(`ws://localhost:${port(8080)}/chat`, ['chat']);
  const [message] = (await once(client, 'message')) as [{ data: unknown }];
  assert.equal(message.data, 'hello');
  assert.equal(client.protocol, 'chat');
  const closed = once(client, 'close');
  client.close(1_000);
  await closed;
  await ledger.settled();
  assert.equal(ledger.closes[0]!.type, 'websocket');
});
