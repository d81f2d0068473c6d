// Requests and responses in every framing, on raw sockets so that nothing but the proxy interprets them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { RawClient, forwardTo, patterned, sha256, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

test('adds who the client is, drops what it claims, and forwards the rest byte by byte', async (t) => {
  const backend = await startTcp(t, (socket) => {
    let seen = '';
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1');
      if (seen.endsWith('\r\n\r\n'))
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${seen.length}\r\n\r\n${seen}`, 'latin1');
    });
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(
    'GET /a%20b?q=1 HTTP/1.1\r\nhost: a.test\r\nX-Odd:  caf\xe9\t\r\nConnection: keep-alive, X-Gone\r\nX-Gone: 1\r\n' +
      'Keep-Alive: timeout=5\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nTE: trailers\r\n\r\n',
  );
  await client.has('\r\n\r\nGET');
  await client.until(({ text }) => text.endsWith('\r\n\r\n') && text.includes('X-Forwarded-Host'));
  const seen = client.text.slice(client.text.indexOf('\r\n\r\n') + 4);
  assert.equal(
    seen,
    'GET /a%20b?q=1 HTTP/1.1\r\nhost: a.test\r\nX-Odd:  caf\xe9\t\r\nX-Forwarded-For: 127.0.0.1\r\n' +
      'X-Forwarded-Proto: http\r\nX-Forwarded-Port: 8080\r\nX-Forwarded-Host: a.test\r\n\r\n',
  );
  client.socket.destroy();
});

test('carries bodies of every size both ways without changing a byte', async (t) => {
  const backend = await startHttp(t, (req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const body = Buffer.concat(parts);
      if (req.url === '/chunked') res.setHeader('Transfer-Encoding', 'chunked');
      else res.setHeader('Content-Length', body.length);
      res.setHeader('X-Digest', sha256(body));
      res.end(body);
    });
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  for (const size of [0, 1, 8_000, 8_192, 8_193, 65_535, 65_536, 200_000, 3_000_000]) {
    for (const path of ['/length', '/chunked']) {
      const body = patterned(size, size + 1);
      const headers: Record<string, string> = { Host: 'a.test' };
      if (path === '/length') headers['Content-Length'] = String(size);
      const call = request({ port: port(8080), path, method: 'POST', headers });
      call.end(body);
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      assert.equal(response.headers['x-digest'], sha256(body), `${path} ${size} towards the target`);
      assert.equal(sha256(Buffer.concat(parts)), sha256(body), `${path} ${size} towards the client`);
    }
  }
  assert.equal(ledger.requests.length, 18);
});

test('a slow reader and a slow writer lose nothing', async (t) => {
  const big = patterned(6_000_000, 7);
  const backend = await startHttp(t, (req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => {
      parts.push(part);
      req.pause();
      setImmediate(() => req.resume());
    });
    req.on('end', () => res.writeHead(200, { 'X-Digest': sha256(Buffer.concat(parts)) }).end(big));
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const call = request({ port: port(8080), method: 'POST', headers: { Host: 'a.test' } });
  call.end(big);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) {
    parts.push(part as Buffer);
    if (parts.length % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(response.headers['x-digest'], sha256(big));
  assert.equal(sha256(Buffer.concat(parts)), sha256(big));
});

test('pipelined requests are answered in order, one connection for all', async (t) => {
  const backend = await startHttp(t, (req, res) => {
    setTimeout(() => res.end(`<${req.url}>`), req.url === '/1' ? 20 : 0);
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send([1, 2, 3, 4].map((n) => `GET /${n} HTTP/1.1\r\nHost: a.test\r\n\r\n`).join(''));
  await client.has('</4>');
  assert.deepEqual(client.text.match(/<[^>]+>/g), ['</1>', '</2>', '</3>', '</4>']);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.opens.length, 1);
  assert.equal(ledger.requests.length, 4);
});

test('more pipelined requests than are held at once: reading stops, goes on, and each is answered in order', async (t) => {
  const backend = await startHttp(t, (req, res) => res.end(`<${req.url}>`));
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  const paths = Array.from({ length: 3_000 }, (_, n) => `/${n}`);
  client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`).join(''));
  let told = 0;
  let from = 0;
  await client.until(({ text }) => {
    for (let end = text.indexOf('>', from); end !== -1; end = text.indexOf('>', from)) {
      assert.equal(text.slice(text.lastIndexOf('<', end) + 1, end), paths[told]);
      told += 1;
      from = end + 1;
    }
    return told === paths.length;
  });
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.requests.length, paths.length);
});

test('HEAD, 204 and 304 have no body whatever their head says', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.on('data', (bytes) => {
      const path = bytes.toString().split(' ')[1];
      if (path === '/204') socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      else if (path === '/304') socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    });
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  for (const [method, path, status] of [
    ['HEAD', '/', 200],
    ['GET', '/204', 204],
    ['GET', '/304', 304],
    ['HEAD', '/x', 200],
  ] as const) {
    client.received = Buffer.alloc(0);
    client.send(`${method} ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    await client.has('\r\n\r\n');
    assert.ok(client.text.startsWith(`HTTP/1.1 ${status} `), client.text);
    assert.ok(client.text.endsWith('\r\n\r\n'));
  }
  client.socket.destroy();
});

test('a response that ends with the connection becomes chunks for 1.1 and stays so for 1.0', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const modern = await RawClient.open(port(8080));
  modern.send(GET);
  await modern.has('0\r\n\r\n');
  assert.ok(modern.text.endsWith('Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'), modern.text);
  modern.socket.destroy();
  const old = await RawClient.open(port(8080));
  old.send('GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n');
  assert.ok((await old.whole()).endsWith('Connection: close\r\n\r\nhello'), old.text);
});

test('HTTP/1.0 keeps its connection only where both ends frame', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.setHeader('Content-Length', 2).end('ok'));
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send('GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n');
  await client.has('ok');
  assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(client.text, /\r\nConnection: keep-alive\r\n/);
  client.send('GET / HTTP/1.0\r\nHost: a.test\r\n\r\n');
  assert.match(await client.whole(), /Connection: close\r\n\r\nok$/);
});

test('Expect: 100-continue waits for the target, whose 100 is passed on', async (t) => {
  const backend = await startHttp(t, (req, res) => {
    req.resume();
    req.on('end', () => res.end('done'));
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  await client.has('HTTP/1.1 100 Continue\r\n\r\n');
  client.send('hello');
  await client.has('done');
  client.socket.destroy();
});

test('interim responses go ahead of the final one', async (t) => {
  const backend = await startHttp(t, (_req, res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => res.end('final'));
  });
  const { port, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('final');
  assert.match(client.text, /^HTTP\/1\.1 103 Early Hints\r\n[^]*\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  client.socket.destroy();
  assert.equal(proxy.stats.getRouteStats('web')[0]!.statusClasses['1xx'], 1);
});

test('trailers pass both ways, except those that would frame or route', async (t) => {
  let trailers: NodeJS.Dict<string> = {};
  const backend = await startHttp(t, (req, res) => {
    req.resume();
    req.on('end', () => {
      trailers = req.trailers;
      res.writeHead(200, { Trailer: 'X-Sum' });
      res.write('body');
      res.addTrailers({ 'X-Sum': '42' });
      res.end();
    });
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(
    'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-In: 1\r\nHost: evil\r\n\r\n',
  );
  await client.has('X-Sum: 42\r\n\r\n');
  assert.deepEqual({ ...trailers }, { 'x-in': '1' });
  client.socket.destroy();
});

test('an early response ends an upload without losing the answer', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.once('data', () =>
      socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig'),
    );
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n');
  client.socket.write(patterned(300_000));
  assert.match(await client.whole(), /^HTTP\/1\.1 413 [^]*big$/);
  await ledger.settled();
  assert.equal(ledger.requests[0]!.statusCode, 413);
});

test('a client that ends its side after the request still gets the response', async (t) => {
  const backend = await startHttp(t, (_req, res) => setTimeout(() => res.end('late'), 20));
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  client.socket.end();
  assert.match(await client.whole(), /late$/);
});

test('absolute-form goes on as origin-form', async (t) => {
  const backend = await startHttp(t, (req, res) => res.end(`<${req.url} ${req.headers.host}>`));
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(
    'GET http://A.test/x?y HTTP/1.1\r\nHost: a.test\r\n\r\nGET http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n',
  );
  await client.has('</ a.test>');
  assert.ok(client.text.includes('</x?y a.test>'));
  client.socket.destroy();
});

test('a head that arrives byte by byte is one request', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.socket.setNoDelay(true);
  for (const byte of 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi') {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.has('ok');
  client.socket.destroy();
});
