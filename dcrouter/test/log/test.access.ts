// The log of a running router: what is written where, and what changes about it at run time.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SmartProxy } from '@dcrouter/smartproxy';
import { Logs } from '../../ts/log/logs.ts';
import { exchange, logging, temporaryFolder } from './tools.ts';

type TLine = Record<string, unknown> & { msg: string };
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const jsonOf = (file: string): TLine[] => linesOf(file).map((line) => JSON.parse(line) as TLine);

/** Logs over events that the test makes itself. */
function world(t: TestContext, section: object, random?: () => number) {
  const folder = temporaryFolder(t);
  const log = join(folder, 'router.log');
  const access = join(folder, 'access.log');
  const fill = (value: object): object =>
    JSON.parse(JSON.stringify(value).replaceAll('LOG', log).replaceAll('ACCESS', access)) as object;
  const logs = new Logs(logging(fill({ file: 'LOG', ...section })), { random });
  const proxy = new EventEmitter() as SmartProxy;
  const dns = new EventEmitter();
  logs.open();
  logs.attachProxy(proxy);
  logs.attachDns(dns as never);
  return { logs, log, access, proxy, dns, config: (next: object) => logging(fill({ file: 'LOG', ...next })) };
}

const query = { queryId: 1, domain: 'a.test', type: 'A', source: 'udp', responseCode: 'NOERROR' };
const tunnel = { connectionId: 'c', requests: 0, reason: 'client-closed', timestamp: new Date() };

test('JSON lines by default: exchanges, tunnels and queries in the log, in one order', async (t) => {
  const { logs, log, proxy, dns } = world(t, {});
  proxy.emit('request-completed', exchange());
  proxy.emit('connection-close', { ...tunnel, requests: 3 } as never);
  proxy.emit('connection-close', tunnel as never);
  dns.emit('query-answered', query);
  await logs.close();
  const lines = jsonOf(log);
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['request', 'connection', 'query'],
  );
  const { level, time, ...fields } = lines[0]!;
  assert.equal(level, 'info');
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const { timestamp: _, ...expected } = exchange();
  assert.deepEqual(fields, { ...expected, msg: 'request' });
  assert.deepEqual(
    logs.tail.latest(10).map(({ text }) => JSON.parse(text) as TLine),
    lines,
    'the tail has the same lines',
  );
});

test('combined lines in a file of their own; what has no such form stays in the log', async (t) => {
  const { logs, log, access, proxy, dns } = world(t, { access: { format: 'combined', file: 'ACCESS' } });
  proxy.emit('request-completed', exchange());
  proxy.emit('connection-close', tunnel as never);
  dns.emit('query-answered', query);
  await logs.close();
  assert.deepEqual(linesOf(access), [
    '192.0.2.7 - - [10/Oct/2000:20:55:36 +0000] "GET /apache_pb.gif HTTP/1.0" 200 2326 ' +
      '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"',
  ]);
  assert.deepEqual(
    jsonOf(log).map(({ msg }) => msg),
    ['connection', 'query'],
  );
  const [first] = logs.tail.latest(3);
  assert.match((JSON.parse(first!.text) as { line: string }).line, /^192\.0\.2\.7 - - /);
  assert.deepEqual(logs.stats().outputs.access, { written: 1, dropped: 0, failures: 0, waiting: 0 });
});

test('a JSON access file holds all three kinds, also where the log shows warnings only', async (t) => {
  const { logs, log, access, proxy, dns } = world(t, { level: 'warn', access: { file: 'ACCESS' } });
  proxy.emit('request-completed', exchange());
  proxy.emit('connection-close', tunnel as never);
  dns.emit('query-answered', query);
  proxy.emit('connection-rejected', { clientIp: '192.0.2.1', reason: 'limit', timestamp: new Date() });
  await logs.close();
  assert.equal(linesOf(access).length, 3);
  assert.deepEqual(
    jsonOf(log).map(({ msg, reason }) => [msg, reason]),
    [['connection rejected', 'limit']],
  );
});

test('sampling keeps its share of what went well and all of what did not; the rest is counted', async (t) => {
  let turn = 0;
  // 0.0, 0.1, … 0.9, over and over.
  const { logs, log, proxy, dns } = world(t, { access: { sample: 0.3 } }, () => (turn++ % 10) / 10);
  for (let n = 0; n < 100; n += 1) proxy.emit('request-completed', exchange({ path: `/${n}` }));
  for (let n = 0; n < 5; n += 1) {
    proxy.emit('request-completed', exchange({ statusCode: 502 }));
    proxy.emit('request-completed', exchange({ statusCode: 0, error: 'client-gone' }));
    proxy.emit('connection-rejected', { clientIp: '192.0.2.1', reason: 'limit', timestamp: new Date() });
    dns.emit('query-answered', { ...query, responseCode: 'SERVFAIL' });
  }
  await logs.close();
  const lines = jsonOf(log);
  assert.equal(lines.filter(({ statusCode }) => statusCode === 200).length, 30);
  assert.equal(lines.length, 30 + 20);
  assert.equal(logs.stats().sampledOut, 70);
});

test('redacted fields are in no line, at any depth and in any format', async (t) => {
  const { logs, log, access, proxy, config } = world(t, { redact: ['clientIp', 'data.address', 'userAgent'] });
  proxy.emit('request-completed', exchange());
  logs.logger.info({ data: { address: 'secret', other: 1 }, clientIp: undefined }, 'nested');
  logs.logger.info({ data: 'a text' }, 'other shape');
  await logs.apply(config({ redact: ['clientIp'], access: { format: 'clf', file: 'ACCESS' } }));
  proxy.emit('request-completed', exchange());
  await logs.close();
  const [request, nested, other] = jsonOf(log);
  assert.equal(request!['clientIp'], '[redacted]');
  assert.equal(request!['userAgent'], '[redacted]');
  assert.equal(request!['path'], '/apache_pb.gif');
  assert.deepEqual(nested!['data'], { address: '[redacted]', other: 1 });
  assert.equal(other!['data'], 'a text');
  assert.ok(linesOf(access)[0]!.startsWith('- - - ['));
});

test('everything can be changed while it runs, and nobody listens for lines that nobody wants', async (t) => {
  const { logs, log, access, proxy, dns, config } = world(t, { access: false });
  const hot = (): number[] => [proxy.listenerCount('request-completed'), dns.listenerCount('query-answered')];
  assert.deepEqual(hot(), [0, 0]);
  await logs.apply(config({ access: true, level: 'error' }));
  assert.deepEqual(hot(), [0, 0], 'the level leaves them out');
  assert.equal(logs.logger.isLevelEnabled('warn'), false);
  await logs.apply(config({ access: { file: 'ACCESS' }, level: 'error' }));
  assert.deepEqual(hot(), [1, 1]);
  proxy.emit('request-completed', exchange());
  await logs.apply(config({}));
  assert.deepEqual(hot(), [1, 1]);
  proxy.emit('request-completed', exchange());
  await logs.apply(config({ access: { format: 'off' } }));
  assert.deepEqual(hot(), [0, 0]);
  await logs.close();
  assert.equal(linesOf(access).length, 1);
  assert.equal(linesOf(log).length, 1);
});

test('settings that cannot be had change nothing', async (t) => {
  const { logs, log, proxy, config } = world(t, {});
  const bad = { level: 'error', access: { file: 'ACCESS/missing/x.log' } };
  await assert.rejects(logs.apply(config(bad)), { code: 'ENOENT' });
  proxy.emit('request-completed', exchange());
  await logs.close();
  assert.equal(linesOf(log).length, 1);
});

test('a real exchange and a refused request write one line each, with what the proxy counted', async (t) => {
  const folder = temporaryFolder(t);
  const access = join(folder, 'access.log');
  const backend = createServer((_, response) => void response.end('hello'));
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  t.after(() => backend.close());
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    requestId: {},
    routes: [
      {
        name: 'app',
        match: { ports: 8080, protocol: 'http' },
        action: { type: 'forward', targets: [{ host: '127.0.0.1', port: (backend.address() as AddressInfo).port }] },
      },
    ],
  });
  const logs = new Logs(logging({ access: { format: 'combined', file: access } }));
  logs.open();
  logs.attachProxy(proxy);
  await proxy.start();
  const call = request({
    port: proxy.listeningPort(8080)!,
    path: '/a?secret=1',
    agent: false,
    headers: { 'User-Agent': 'curl/8.1' },
  });
  const closed = once(proxy, 'connection-close');
  const [response] = (await once(call.end(), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  await closed;
  const bytes = call.socket!.bytesRead;
  const refused = request({ port: proxy.listeningPort(8080)!, method: 'PRI', path: '/b?secret=1', agent: false });
  const [refusal] = (await once(refused.end(), 'response')) as [IncomingMessage];
  refusal.resume();
  await once(refusal, 'end');
  await proxy.stop({ drainTimeout: 0 });
  await logs.close();
  const [line, other] = linesOf(access);
  assert.match(other!, /^127\.0\.0\.1 - - \[[^\]]+\] "PRI \/b HTTP\/1\.1" 501 \d+ "-" "-"$/);
  assert.match(
    line!,
    new RegExp(`^127\\.0\\.0\\.1 - - \\[[^\\]]+ \\+0000\\] "GET /a HTTP/1\\.1" 200 ${bytes} "-" "curl/8\\.1"$`),
  );
});
