// The forks behind the stream: what is listened to, and what arrives.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { DnsServer } from '@dcrouter/smartdns/server';
import { SmartProxy } from '@dcrouter/smartproxy';
import { EventBus } from '../../ts/events/bus.ts';
import { DNS_EVENTS, PROXY_EVENTS } from '../../ts/events/catalogue.ts';
import { addDnsEvents, addProxyEvents } from '../../ts/events/sources.ts';
import type { IRouterEvent } from '../../ts/events/types.ts';
import { Logs } from '../../ts/log/logs.ts';
import { logging } from '../log/tools.ts';

const proxyNames = Object.keys(PROXY_EVENTS) as Array<keyof typeof PROXY_EVENTS>;
const dnsNames = Object.keys(DNS_EVENTS) as Array<keyof typeof DNS_EVENTS>;

test('with nobody listening and the access log off, no hot event has a listener', () => {
  const proxy = new SmartProxy({ routes: [] });
  const dns = new DnsServer({});
  const own = dnsNames.map((name) => dns.listenerCount(name));
  const logs = new Logs(logging({ access: false }));
  logs.attachProxy(proxy);
  logs.attachDns(dns);
  const bus = new EventBus();
  addProxyEvents(bus, proxy);
  addDnsEvents(bus, dns);
  for (const name of ['connection-open', 'connection-close', 'request-completed'] as const)
    assert.equal(proxy.listenerCount(name), 0, name);
  for (const name of ['query-received', 'query-answered', 'cache-hit', 'cache-miss', 'query'] as const)
    assert.equal(dns.listenerCount(name), 0, name);

  const stop = bus.subscribe(['proxy.request-completed', 'dns.*'], () => {});
  assert.equal(proxy.listenerCount('request-completed'), 1);
  assert.equal(proxy.listenerCount('connection-open'), 0);
  assert.equal(dns.listenerCount('cache-hit'), 1);
  stop();
  assert.equal(proxy.listenerCount('request-completed'), 0);
  assert.deepEqual(
    dnsNames.map((name) => dns.listenerCount(name)).filter((_, at) => dnsNames[at] !== 'query-error'),
    own.filter((_, at) => dnsNames[at] !== 'query-error'),
  );
});

test('every event of both forks is a kind of the stream, once', () => {
  const bus = new EventBus();
  addProxyEvents(bus, new SmartProxy({ routes: [] }));
  addDnsEvents(bus, new DnsServer({}));
  assert.equal(bus.kinds().length, proxyNames.length + dnsNames.length);
});

test('a real exchange and a real query arrive as JSON with the fields that are documented', async (t) => {
  const backend = createServer((_, response) => void response.end('hello'));
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  t.after(() => backend.close());
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    routes: [
      {
        name: 'app',
        match: { ports: 8080, protocol: 'http' },
        action: { type: 'forward', targets: [{ host: '127.0.0.1', port: (backend.address() as AddressInfo).port }] },
      },
    ],
  });
  const dns = new DnsServer({ udpPort: 0, udpBindInterface: '127.0.0.1' });
  dns.registerHandler('a.test', ['A'], ({ name }) => ({ name, type: 'A', class: 'IN', ttl: 1, data: '192.0.2.1' }));
  const bus = new EventBus();
  const remove = addProxyEvents(bus, proxy);
  addDnsEvents(bus, dns);
  const got: IRouterEvent[] = [];
  const stop = bus.subscribe(['*'], (event) => got.push(event));
  await proxy.start();
  const closed = once(proxy, 'connection-close');
  const call = get({ port: proxy.listeningPort(8080)!, agent: false, path: '/a?b' });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
  await closed;
  await proxy.stop({ drainTimeout: 0 });
  // A question for a.test, class IN, type A.
  await dns.processRawDnsPacketAsync(Buffer.from('000100000001000000000000016104746573740000010001', 'hex'));

  const documented = new Map<string, readonly string[]>(
    [...Object.values(PROXY_EVENTS), ...Object.values(DNS_EVENTS)].map(({ kind, fields }) => [
      kind,
      Object.keys(fields),
    ]),
  );
  for (const { kind, data, id } of got) {
    assert.deepEqual(JSON.parse(JSON.stringify(data)), data, `${kind} is plain JSON`);
    const unknown = Object.keys(data).filter((field) => !documented.get(kind)!.includes(field));
    assert.deepEqual(unknown, [], kind);
    assert.equal(got[id - 1]!.id, id, 'ids count');
  }
  const kinds = new Set(got.map(({ kind }) => kind));
  for (const kind of [
    'proxy.listening',
    'proxy.connection-open',
    'proxy.request-completed',
    'proxy.connection-close',
    'proxy.drained',
    'dns.query-received',
    'dns.query-answered',
    'dns.query',
  ])
    assert.ok(kinds.has(kind as never), kind);
  const request = got.find(({ kind }) => kind === 'proxy.request-completed')!.data;
  assert.equal(request['path'], '/a');
  assert.match(String(request['timestamp']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  remove();
  assert.equal(proxy.listenerCount('request-completed'), 0, 'a source that is gone lets go of its fork');
  stop();
});
