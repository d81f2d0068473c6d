// Requests that are refused before their connection has a route are told like others, and counted as refusals once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IRequestCompletedEvent, IRouteConfig } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';
import { until } from '../cluster/cluster.ts';

const guarded: IRouteConfig['security'] = {
  ipBlockList: ['127.0.0.1'],
};

for (const workers of [undefined, 1]) {
  test(`each refusal is told once, with what could be read of the request, workers: ${workers ?? 'none'}`, async (t) => {
    const backend = await startHttp(t, (_request, response) => response.end('ok'));
    const routes = [
      forwardTo(backend.port),
      forwardTo(backend.port, { name: 'closed', security: guarded }, { path: '/closed' }),
      forwardTo(
        backend.port,
        { name: 'slow', security: { rateLimit: { enabled: true, maxRequests: 1, window: 60 } } },
        { domains: 'slow.test' },
      ),
    ];
    const { proxy, port, ledger } = await startProxy(t, routes, { workers });
    const told: IRequestCompletedEvent[] = [];
    proxy.on('request-refused', (event) => told.push(event));
    // With workers the listener has to be heard of first.
    if (workers !== undefined) await proxy.listConnections();
    const ask = async (text: string): Promise<string> => {
      const client = await RawClient.open(port(8080));
      client.send(text);
      return (await client.whole()).slice(0, 12);
    };
    const agent = 'User-Agent: me\r\nReferer: there\r\n';
    assert.equal(await ask(`GET /p?q=secret HTTP/1.1\r\nHost: b.test\r\n${agent}\r\n`), 'HTTP/1.1 404');
    assert.equal(await ask(`GET /closed HTTP/1.0\r\nHost: a.test\r\n${agent}\r\n`), 'HTTP/1.1 403');
    assert.equal(await ask(`POST /form?q=1 HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n${agent}\r\n`), 'HTTP/1.1 400');
    assert.equal(await ask('BREW /pot HTTP/1.1\r\nHost: a.test\r\n\r\n'), 'HTTP/1.1 501');
    assert.equal(await ask('\x16\x03\x01 no HTTP\r\n\r\n'), 'HTTP/1.1 400');
    // On a connection that has its route a refusal is an exchange like others.
    const client = await RawClient.open(port(8080));
    client.send('GET /1 HTTP/1.1\r\nHost: slow.test\r\n\r\n');
    await client.has('ok');
    client.send('GET /2 HTTP/1.1\r\nHost: slow.test\r\n\r\n');
    await client.has('HTTP/1.1 429');
    client.socket.destroy();
    await until(() => told.length >= 5 && ledger.requests.length >= 2);
    const shown = told.map(({ method, host, path, statusCode, error, routeName, httpVersion, userAgent, clientIp }) =>
      [clientIp, method, host, path, httpVersion, statusCode, error, routeName, userAgent].join(' '),
    );
    assert.deepEqual(shown, [
      '127.0.0.1 GET b.test /p 1.1 404 no-route  me',
      '127.0.0.1 GET a.test /closed 1.0 403 ip-blocked closed me',
      '127.0.0.1 POST  /form 1.1 400 host-repeated  me',
      '127.0.0.1 BREW  /pot 1.1 501 unknown-method  ',
      '127.0.0.1     400 control-byte  ',
    ]);
    assert.deepEqual(
      ledger.requests.map(({ path, statusCode }) => `${path} ${statusCode}`),
      ['/1 200', '/2 429'],
    );
    assert.ok(told.every(({ bytesOut, timestamp }) => bytesOut > 0 && timestamp instanceof Date));
    assert.equal(told[0]!.referer, 'there');
    await until(() => proxy.stats.getTotals().rejected === 6);
    assert.equal(proxy.stats.getTotals().requests, 2);
  });
}
