// Several hosts behind one target, and functions that give hosts: chosen, checked, and refused where they are none.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import { createLoadBalancerRoute, type IRouteConfig, type IRouteTarget } from '@dcrouter/smartproxy';
import { get, startProxy, talk } from './world.ts';

const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const spread = (answers: string[]): string[] => [...new Set(answers)].sort();

/** A backend on every loopback address, IPv6 where asked for, that says under which address it was asked. */
async function everywhere(t: TestContext, down: Set<string> = new Set(), host = '0.0.0.0'): Promise<number> {
  const server = createServer((request, response) => {
    const address = request.socket.localAddress!;
    if (request.url === '/health') response.writeHead(down.has(address) ? 500 : 200);
    response.end(address);
  });
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function web(target: IRouteTarget, more: Partial<IRouteConfig['action']> = {}): IRouteConfig {
  return {
    name: 'web',
    match: { ports: 80, domains: 'a.test' },
    action: { type: 'forward', targets: [target], ...more },
  };
}

async function ask(port: number, times: number): Promise<string[]> {
  const answers: string[] = [];
  for (let at = 0; at < times; at += 1) answers.push((await get(port, '/')).body);
  return answers;
}

test('hosts of a list take turns, or are chosen as route or target say', async (t) => {
  const backend = await everywhere(t);
  const list = { host: HOSTS, port: backend };
  const byTurn = await startProxy(t, [web(list)]);
  assert.deepEqual(spread(await ask(byTurn.port(80), 3)), HOSTS);
  const loadBalancing = { algorithm: 'ip-hash' as const };
  for (const route of [
    createLoadBalancerRoute('a.test', HOSTS, backend, loadBalancing),
    web({ ...list, loadBalancing }),
    web(list, { loadBalancing }),
  ]) {
    const { port } = await startProxy(t, [route]);
    assert.equal(spread(await ask(port(80), 6)).length, 1);
  }
});

test('each host of a list is checked, and left out while it fails', async (t) => {
  const down = new Set(['127.0.0.2']);
  const backend = await everywhere(t, down);
  const healthCheck = { path: '/health', interval: 100, unhealthyThreshold: 1, healthyThreshold: 1 };
  const { proxy, port } = await startProxy(t, [createLoadBalancerRoute('a.test', HOSTS, backend, { healthCheck })]);
  const [event] = (await once(proxy, 'upstream-health')) as [{ target: string; reason: string }];
  assert.deepEqual([event.target, event.reason], [`127.0.0.2:${backend}`, 'status-500']);
  assert.deepEqual(spread(await ask(port(80), 6)), ['127.0.0.1', '127.0.0.3']);
});

test('checks speak TLS and the PROXY protocol where the route does', async (t) => {
  const { key, cert } = selfSignedCertificate(['a.test']);
  const checked = Promise.withResolvers<string>();
  const server = createHttps({ key, cert }, (request, response) => {
    if (request.url === '/health') checked.resolve(request.socket.remoteAddress!);
    response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const healthCheck = { path: '/health', interval: 100, unhealthyThreshold: 1, healthyThreshold: 1 };
  const loadBalancing = { algorithm: 'round-robin' as const, healthCheck };
  const tls = { mode: 'terminate-and-reencrypt' as const, certificate: { key, cert }, backend: { ca: cert } };
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  // In front of it an inner proxy that believes only what a header says.
  const inner = await startProxy(t, [{ match: { ports: 90 }, action: { type: 'forward', targets: [target] } }], {
    proxyIPs: ['127.0.0.1'],
  });
  const route = web({ host: '127.0.0.1', port: inner.port(90) }, { tls, loadBalancing, sendProxyProtocol: 'v2' });
  const { proxy } = await startProxy(t, [{ ...route, match: { ports: 443, domains: 'a.test' } }]);
  proxy.on('upstream-health', ({ reason }) => checked.reject(new Error(reason)));
  assert.equal(await checked.promise, '127.0.0.1');
});

test('IPv6 hosts with and without brackets', async (t) => {
  const backend = await everywhere(t, new Set(), '::1');
  for (const host of ['[::1]', '::1', () => '[::1]', () => ['::1']]) {
    const { port } = await startProxy(t, [web({ host, port: backend })]);
    assert.equal((await get(port(80), '/')).body, '::1');
  }
});

const late = async (value: unknown): Promise<never> => {
  await new Promise((resolve) => setImmediate(resolve));
  if (value instanceof Error) throw value;
  return value as never;
};
const rubbish: ReadonlyArray<readonly [string, () => unknown]> = [
  ['a promise', () => late('127.0.0.1')],
  ['a promise that rejects', () => late(new Error('x'))],
  ['nothing', () => undefined],
  ['an empty list', () => []],
  ['a list of objects', () => [{}]],
  ['a NUL', () => 'a\0b'],
  ['a blank', () => 'a b'],
  ['a URL', () => 'http://a.test'],
  ['a novel', () => 'a'.repeat(70_000)],
  ['an object that is no text', () => Object.create(null)],
];
for (const [what, give] of rubbish) {
  test(`a function that gives ${what} costs its own request only`, async (t) => {
    const backend = await everywhere(t);
    const host = give as () => string;
    const { port, proxy } = await startProxy(t, [
      web({ host, port: backend }),
      {
        name: 'ports',
        match: { ports: 81, domains: 'a.test' },
        action: { type: 'forward', targets: [{ host: '127.0.0.1', port: give as () => number }] },
      },
      { name: 'raw', match: { ports: 82 }, action: { type: 'forward', targets: [{ host, port: backend }] } },
    ]);
    assert.equal((await get(port(80), '/')).status, 502);
    assert.equal((await get(port(81), '/')).status, 502);
    assert.equal(await talk(port(82), 'x'), '');
    // What a promise says comes later.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(proxy.stats.getTotals().connections, 3);
  });
}
