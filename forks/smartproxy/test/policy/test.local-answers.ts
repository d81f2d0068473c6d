// What a policy says about requests that the proxy answers itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicyHeaders, policyVerdict, type IRouteConfig } from '@dcrouter/smartproxy';
import { RawClient, startHttp, startProxy } from '../helpers/proxy.ts';

const TARGET = { host: '127.0.0.1', port: 1 };

/** A route that answers `path` by itself, or refuses it. */
function local(path: string, action: Partial<IRouteConfig['action']>, more: Partial<IRouteConfig> = {}): IRouteConfig {
  return { name: path, match: { ports: 8080, path }, action: { type: 'forward', ...action }, ...more };
}

test('response edits hold for every answer of the proxy itself, and a target changes none of them', async (t) => {
  let asked = 0;
  const backend = await startHttp(t, (_request, response) => {
    asked += 1;
    response.end('backend');
  });
  const responseHeaders = new PolicyHeaders([
    { kind: 'set', name: 'X-Frame-Options', value: 'DENY' },
    { kind: 'remove', name: 'X-Gone' },
    { kind: 'set', name: 'Content-Type', value: 'text/html' },
  ]);
  const testResponse = { status: 200, body: 'canned', headers: { 'X-Gone': '1', 'x-frame-options': 'no' } };
  const cors = { enabled: true, allowOrigin: '*' };
  const routes = [
    local('/redirect', { redirect: { to: 'https://{domain}{path}' } }),
    local('/canned', { advanced: { testResponse } }),
    local('/refused', { targets: [TARGET] }, { security: { ipBlockList: ['127.0.0.1'] } }),
    local('/down', { targets: [TARGET], advanced: { errorPages: { 502: { contentType: 'x/y', body: 'sorry' } } } }),
    local('/cors', { targets: [TARGET] }, { headers: { cors } }),
  ];
  const expected: Array<[string, RegExp]> = [
    ['/redirect', /^HTTP\/1\.1 308 .*Location: https:\/\/a\.test\/redirect\r\n/s],
    ['/canned', /^HTTP\/1\.1 200 .*\r\n\r\ncanned$/s],
    ['/refused', /^HTTP\/1\.1 403 /],
    ['/down', /^HTTP\/1\.1 502 .*\r\n\r\nsorry$/s],
    ['/cors', /^HTTP\/1\.1 204 .*Access-Control-Allow-Origin: \*/s],
    ['/nowhere', /^HTTP\/1\.1 404 /],
  ];
  for (const action of ['continue', 'target'] as const) {
    const verdict = policyVerdict({ action, host: '127.0.0.1', port: backend.port, responseHeaders });
    const { port } = await startProxy(t, routes, { policy: { request: () => verdict } });
    for (const [path, answer] of expected) {
      // The route has a target there, which the policy replaces.
      if (action === 'target' && path === '/down') continue;
      const client = await RawClient.open(port(8080));
      const method = path === '/cors' ? 'OPTIONS' : 'GET';
      const preflight = 'Origin: https://b.test\r\nAccess-Control-Request-Method: PUT\r\n';
      client.send(`${method} ${path} HTTP/1.1\r\nHost: a.test\r\n${preflight}Connection: close\r\n\r\n`);
      const text = await client.whole();
      assert.match(text, answer);
      const head = text.slice(0, text.indexOf('\r\n\r\n') + 2);
      assert.deepEqual(head.match(/^x-frame-options: .*\r$/gim), ['X-Frame-Options: DENY\r'], path);
      assert.deepEqual(head.match(/^content-type: .*\r$/gim), ['Content-Type: text/html\r'], path);
      assert.doesNotMatch(head, /x-gone/i);
    }
  }
  assert.equal(asked, 0);
});
