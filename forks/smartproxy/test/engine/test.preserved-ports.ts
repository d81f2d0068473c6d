// Ports that lead to the same, or a computed, port of the target.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createOffsetPortMappingRoute, SmartProxy, type IRouteConfig } from '@dcrouter/smartproxy';
import { steadyPorts } from '../../../../test/helpers/ports.ts';
import { ProxyLedger } from '../../../../test/laws/proxy.ts';
import { get, talk } from './world.ts';

/** Another loopback address than the proxy's, so that both can have the same port. */
const ELSEWHERE = '127.0.0.77';

/** Servers on those ports of the other address, which say which one they are, to HTTP too. */
async function servers(t: TestContext, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nport ${port}`));
    });
    server.listen(port, ELSEWHERE);
    await once(server, 'listening');
    t.after(() => server.close());
  }
}

async function run(t: TestContext, routes: IRouteConfig[]): Promise<void> {
  const proxy = new SmartProxy({ routes, listenAddress: '127.0.0.1' });
  const ledger = new ProxyLedger(proxy);
  await proxy.start();
  t.after(async () => {
    await proxy.stop({ drainTimeout: 0 });
    await ledger.assertDrained();
  });
}

test('preserve: each port of a range and of a list goes to itself, in tunnels and over HTTP', async (t) => {
  const [one, two, three] = (await steadyPorts(3)) as [number, number, number];
  await servers(t, [one, two, three]);
  const targets = [{ host: ELSEWHERE, port: 'preserve' as const }];
  await run(t, [
    { name: 'range', match: { ports: [{ from: one, to: one }, two] }, action: { type: 'forward', targets } },
    { name: 'web', match: { ports: three, domains: 'a.test' }, action: { type: 'forward', targets } },
  ]);
  for (const port of [one, two]) assert.match(await talk(port, 'x'), new RegExp(`port ${port}$`));
  assert.match((await get(three, '/')).body, new RegExp(`port ${three}`));
});

test('ports are mapped by an offset', async (t) => {
  const ports = await steadyPorts(2);
  await servers(
    t,
    ports.map((port) => port + 100),
  );
  await run(t, [createOffsetPortMappingRoute({ ports, targetHost: ELSEWHERE, offset: 100 })]);
  for (const port of ports) assert.match(await talk(port, 'x'), new RegExp(`port ${port + 100}$`));
});
