import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { DnsServer } from '#server';
import { askRawTcp, askUdp, decode, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

const { cert, key } = selfSignedCertificate(['localhost', '127.0.0.1']);
const withHandlers = (server: DnsServer): void => {
  server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  server.registerHandler('slow.example.test', ['A'], async (question) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return record(question.name, 'A', '192.0.2.2');
  });
};

/** Resolves at the end of a connection, however it came. */
async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume();
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
}

interface IHttpAnswer {
  status: number;
  headers: Record<string, unknown>;
  body: Buffer;
}

async function askHttp1(
  port: number,
  path: string,
  body?: Buffer,
  headers: Record<string, string> = {},
): Promise<IHttpAnswer> {
  const call = request({
    host: '127.0.0.1',
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers,
    ca: cert,
    agent: false,
  });
  call.end(body);
  const [response] = (await once(call, 'response')) as [
    NodeJS.ReadableStream & { statusCode: number; headers: Record<string, unknown> },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

async function askHttp2(port: number, headers: Record<string, string>, body?: Buffer): Promise<IHttpAnswer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: cert });
  const stream = session.request(headers);
  stream.end(body);
  const [received] = (await once(stream, 'response')) as [Record<string, unknown>];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
  }
  session.close();
  return { status: Number(received[':status']), headers: received, body: Buffer.concat(chunks) };
}

test('TCP: pipelined queries are answered as they are ready, one octet at a time works too', async (context) => {
  const { server, port } = await startServer(context, {}, withHandlers);
  const slow = makeQuery({ name: 'slow.example.test', id: 1 });
  const quick = makeQuery({ name: 'www.example.test', id: 2 });
  const answers = (await askRawTcp(port, [slow, quick, quick])).map(decode);
  assert.deepEqual(
    answers.map(({ id }) => id),
    [2, 2, 1],
  );
  const socket = connect(port, '127.0.0.1');
  const prefix = Buffer.from([0, quick.length]);
  for (const octet of Buffer.concat([prefix, quick])) {
    socket.write(Buffer.from([octet]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(decode(answer.subarray(2)).answers.length, 1);
  socket.destroy();
  await once(socket, 'close');
  assert.equal(server.stats.getTransportBreakdown().tcp, 4);
});

test('TCP: a client that ends its side still gets its answers, then the connection closes', async (context) => {
  const { port } = await startServer(context, {}, withHandlers);
  const query = makeQuery({ name: 'slow.example.test' });
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(Buffer.concat([Buffer.from([0, query.length]), query]));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
  }
  assert.equal(decode(Buffer.concat(chunks).subarray(2)).answers[0]?.data, '192.0.2.2');
});

test('TCP: an idle connection and one that feeds octets too slowly are closed', async (context) => {
  const { server, port } = await startServer(context, { tcpIdleTimeoutMs: 100 });
  const idle = connect(port, '127.0.0.1');
  const feeding = connect(port, '127.0.0.1');
  const feed = setInterval(() => feeding.write(Buffer.from([1])), 30);
  await Promise.all([closed(idle), closed(feeding)]);
  clearInterval(feed);
  assert.equal(server.stats.snapshot().tcpConnections.total, 2);
});

test('TCP: a message too short for a header ends the connection', async (context) => {
  const { server, port } = await startServer(context);
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.alloc(40));
  await closed(socket);
  const { dropsByReason, errors } = server.stats.snapshot();
  assert.deepEqual([dropsByReason['short'], errors['framing']], [1, 1]);
});

test('TCP: connections over the limit are closed at once', async (context) => {
  const { server, port } = await startServer(context, { tcpConnectionsPerClientMax: 2 });
  const first = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all(first.map(async (socket) => await once(socket, 'connect')));
  const extra = connect(port, '127.0.0.1');
  await closed(extra);
  assert.equal(server.stats.getErrors()['connection-limit'], 1);
  for (const socket of first) {
    socket.destroy();
  }
});

test('a client that hangs up before its answer is a drop, not an answer', async (context) => {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const { server, port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('gated.example.test', ['A'], async (question) => {
      asked.resolve();
      await gate.promise;
      return record(question.name, 'A', '192.0.2.2');
    });
  });
  const query = makeQuery({ name: 'gated.example.test' });
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.concat([Buffer.from([0, query.length]), query]));
  await asked.promise;
  socket.resetAndDestroy();
  while (server.stats.snapshot().tcpConnections.active > 0) await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  const deadline = Date.now() + 3_000;
  while (server.stats.getTotals().dropped === 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(server.stats.snapshot().dropsByReason['send'], 1);
});

test('TLS: queries are answered, the certificate can be replaced', async (context) => {
  const { server } = await startServer(context, { tlsPort: 0, tlsCert: cert, tlsKey: key }, withHandlers);
  const { port } = server.addresses.tls!;
  const ask = async (ca: string): Promise<number> => {
    const socket = connectTls({ port, host: '127.0.0.1', ca, ALPNProtocols: ['dot'] });
    const query = makeQuery({ name: 'www.example.test' });
    socket.write(Buffer.concat([Buffer.from([0, query.length]), query]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return decode(answer.subarray(2)).answers.length;
  };
  assert.equal(await ask(cert), 1);
  const next = selfSignedCertificate(['localhost', '127.0.0.1']);
  server.setCertificate(next.cert, next.key);
  assert.equal(await ask(next.cert), 1);
  await assert.rejects(ask(cert));
  assert.equal(server.stats.getTransportBreakdown().tls, 2);
});

test('HTTPS: GET and POST over HTTP/1.1 and HTTP/2, with the freshness of the records', async (context) => {
  const { server } = await startServer(context, { httpsPort: 0, httpsCert: cert, httpsKey: key }, withHandlers);
  const { port } = server.addresses.https!;
  const type = 'application/dns-message';
  const positive = makeQuery({ name: 'www.example.test', id: 0 });
  const negative = makeQuery({ name: 'nope.example.test', id: 0 });
  const refused = makeQuery({ name: 'example.org', id: 0 });
  const slow = makeQuery({ name: 'slow.example.test', id: 0 });
  const cases: Array<[Buffer, string, number]> = [
    [positive, 'max-age=60', 1],
    [negative, 'max-age=300', 0],
    [refused, 'max-age=0', 0],
    [slow, 'max-age=60', 1],
  ];
  for (const [packet, cacheControl, answers] of cases) {
    const path = `/dns-query?dns=${packet.toString('base64url')}`;
    const results = [
      await askHttp1(port, path),
      await askHttp1(port, '/dns-query', packet, { 'content-type': type }),
      await askHttp2(port, { ':path': path }),
      await askHttp2(port, { ':path': '/dns-query', ':method': 'POST', 'content-type': type }, packet),
    ];
    for (const { status, headers, body } of results) {
      assert.equal(status, 200);
      assert.equal(headers['content-type'], type);
      assert.equal(headers['cache-control'], cacheControl);
      assert.equal(decode(body).answers.length, answers);
    }
  }
  assert.equal(server.stats.getTransportBreakdown().https, 16);
});

test('HTTPS: what is no DNS request gets the HTTP status that says why', async (context) => {
  const { server } = await startServer(context, { httpsPort: 0, httpsCert: cert, httpsKey: key });
  const { port } = server.addresses.https!;
  const type = { 'content-type': 'application/dns-message' };
  const statuses = {
    otherPath: (await askHttp1(port, '/other')).status,
    noParameter: (await askHttp1(port, '/dns-query')).status,
    badParameter: (await askHttp1(port, '/dns-query?dns=*')).status,
    wrongType: (await askHttp1(port, '/dns-query', Buffer.alloc(12), { 'content-type': 'text/plain' })).status,
    tooLarge: (await askHttp2(port, { ':path': '/dns-query', ':method': 'POST', ...type }, Buffer.alloc(70_000)))
      .status,
    wrongMethod: (await askHttp2(port, { ':path': '/dns-query', ':method': 'PUT' }, Buffer.alloc(1))).status,
    noQuery: (await askHttp1(port, '/dns-query', Buffer.alloc(3), type)).status,
  };
  assert.deepEqual(statuses, {
    otherPath: 404,
    noParameter: 400,
    badParameter: 400,
    wrongType: 415,
    tooLarge: 413,
    wrongMethod: 405,
    noQuery: 400,
  });
  assert.equal(server.stats.getErrors()['http'], 6);
});

test('manual modes: datagrams, raw packets and sockets are answered without a port of our own', async (context) => {
  const { server } = await startServer(
    context,
    { manualUdpMode: true, manualHttpsMode: true, httpsPort: 443, httpsCert: cert, httpsKey: key },
    withHandlers,
  );
  assert.deepEqual(server.addresses, {});
  const quick = makeQuery({ name: 'www.example.test' });
  const slow = makeQuery({ name: 'slow.example.test' });
  assert.equal(decode(server.processRawDnsPacket(quick)).answers.length, 1);
  assert.throws(() => server.processRawDnsPacket(slow), /processRawDnsPacketAsync/);
  const parallel = await Promise.all(
    [slow, slow, slow].map(async (packet) => await server.processRawDnsPacketAsync(packet)),
  );
  assert.ok(parallel.every((packet) => decode(packet).answers.length === 1));
  await assert.rejects(server.processRawDnsPacketAsync(Buffer.from([1, 2])));
  const remote = { address: '192.0.2.77', port: 4_444, family: 'IPv4' as const, size: quick.length };
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  server.handleUdpMessage(slow, remote, (response, rinfo) => {
    assert.equal(rinfo, remote);
    resolve(response);
  });
  assert.equal(decode(await promise).answers.length, 1);
  assert.ok(server.stats.getTopClients(5).some(({ clientIp }) => clientIp === '192.0.2.77'));
  const front = createServer((socket: Socket) => server.handleHttpsSocket(socket)).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  const answer = await askHttp2(port, { ':path': `/dns-query?dns=${quick.toString('base64url')}` });
  assert.equal(decode(answer.body).answers.length, 1);
  front.close();
});

test('start and stop can be repeated, a taken port is an error that says so', async (context) => {
  const { server, port } = await startServer(context, {}, withHandlers);
  await server.start();
  const other = new DnsServer({ udpPort: port, bindInterface: '127.0.0.1' });
  await assert.rejects(other.start(), { code: 'EADDRINUSE' });
  await other.stop();
  await server.stop();
  await server.stop();
  assert.deepEqual(server.addresses, {});
  await server.start();
  assert.equal((await askUdp(server.addresses.udp!.port, { name: 'www.example.test' })).answers.length, 1);
  await assert.rejects(
    new DnsServer({ udpPort: 0, bindInterface: 'nonsense' }).start(),
    /give an IPv4 or IPv6 address/,
  );
});
