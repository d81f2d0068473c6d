import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ProxyProtocolError, ProxyProtocolParser } from '#proxy/proxy-protocol/index';

const info = {
  protocol: 'TCP4' as const,
  sourceIP: '10.0.0.1',
  sourcePort: 1,
  destinationIP: '10.0.0.2',
  destinationPort: 2,
};
const text = 'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n';

test('constants and helpers', () => {
  assert.equal(ProxyProtocolParser.PROXY_V1_SIGNATURE, 'PROXY ');
  assert.equal(ProxyProtocolParser.MAX_HEADER_LENGTH, 107);
  assert.equal(ProxyProtocolParser.HEADER_TERMINATOR, '\r\n');
  assert.ok(
    ProxyProtocolParser.isValidIP('::1') && ProxyProtocolParser.isIPv6('::1') && ProxyProtocolParser.isIPv4('1.2.3.4'),
  );
  assert.ok(!ProxyProtocolParser.isValidIP('1.2.3'));
  assert.equal(ProxyProtocolParser.createConnectionId(info), '10.0.0.1:1-10.0.0.2:2');
  assert.equal(ProxyProtocolParser.generate(info).toString(), text);
  assert.equal(ProxyProtocolParser.generate({ ...info, protocol: 'UNKNOWN' }).toString(), 'PROXY UNKNOWN\r\n');
});

test('parse: header and rest, data untouched without a header, an error past 107 bytes', () => {
  const { proxyInfo, remainingData } = ProxyProtocolParser.parse(Buffer.from(`${text}GET`));
  assert.deepEqual(proxyInfo, info);
  assert.equal(remainingData.toString(), 'GET');
  for (const other of ['', 'PRO', 'GET / HTTP/1.1\r\n\r\n', 'PROXY TCP4 10.0']) {
    const data = Buffer.from(other);
    assert.deepEqual(ProxyProtocolParser.parse(data), { proxyInfo: null, remainingData: data });
  }
  const unknown = ProxyProtocolParser.parse(Buffer.from('PROXY UNKNOWN\r\n')).proxyInfo;
  assert.equal(unknown?.protocol, 'UNKNOWN');
  assert.throws(() => ProxyProtocolParser.parse(Buffer.from(`PROXY ${'x'.repeat(200)}`)), ProxyProtocolError);
  assert.throws(() => ProxyProtocolParser.parse(Buffer.from('PROXY TCP4 a b c d\r\n')), { reason: 'v1-address' });
});

async function pair(t: TestContext): Promise<{ client: Socket; server: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [server] = (await once(listener, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  return { client, server };
}

test('readFromSocket: in pieces, with data behind, without a header', async (t) => {
  const { client, server } = await pair(t);
  const reading = ProxyProtocolParser.readFromSocket(server);
  client.write(text.slice(0, 9));
  setImmediate(() => client.write(`${text.slice(9)}hello`));
  const result = await reading;
  assert.deepEqual(result?.proxyInfo, info);
  assert.equal(result?.remainingData.toString(), 'hello');
  const again = ProxyProtocolParser.readFromSocket(server);
  client.write('GET /');
  assert.deepEqual(await again, { proxyInfo: null, remainingData: Buffer.from('GET /') });
});

test('readFromSocket: null at the end of the socket and of the time, an error for a broken line', async (t) => {
  const { client, server } = await pair(t);
  assert.equal(await ProxyProtocolParser.readFromSocket(server, 1), null);
  const broken = ProxyProtocolParser.readFromSocket(server);
  client.write('PROXY TCP9 x\r\n');
  await assert.rejects(broken, ProxyProtocolError);
  const ended = ProxyProtocolParser.readFromSocket(server);
  client.end();
  assert.equal(await ended, null);
  assert.equal(server.listenerCount('data'), 0);
});
