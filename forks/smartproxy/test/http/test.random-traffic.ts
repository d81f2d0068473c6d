// Seeded random traffic through every way that HTTP has: each request gets its own answer, in order, and is counted once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';
import { seededRandom } from '../helpers/random.ts';
import { answerer, plainly, REQUESTS, runClient, type ITally, type TConnect } from './traffic.ts';

const { key, cert } = selfSignedCertificate(['a.test']);
const certificate = { key, cert };

interface IWay {
  readonly name: string;
  readonly connect: TConnect;
  readonly targetTls?: boolean;
  readonly faults?: number;
  readonly clients: number;
  readonly route: (port: number) => IRouteConfig;
}

const securely: TConnect = (port) =>
  connectTls({ port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false });

function route(port: number, action: Partial<IRouteConfig['action']> = {}): IRouteConfig {
  return forwardTo(port, { action: { type: 'forward', targets: [{ host: '127.0.0.1', port }], ...action } });
}

const ways: IWay[] = [
  { name: 'plain', clients: 16, connect: plainly, route },
  {
    name: 'a queue for three connections',
    clients: 16,
    connect: plainly,
    route: (port) => route(port, { advanced: { maxConnectionsPerTarget: 3 } }),
  },
  {
    name: 'TLS in front',
    clients: 16,
    connect: securely,
    route: (port) => route(port, { tls: { mode: 'terminate', certificate } }),
  },
  {
    name: 'TLS on both sides',
    clients: 4,
    connect: securely,
    targetTls: true,
    route: (port) => {
      const backend = { ca: certificate.cert, servername: 'a.test' };
      return route(port, { tls: { mode: 'terminate-and-reencrypt', certificate, backend } });
    },
  },
  { name: 'targets that break', clients: 16, connect: plainly, faults: 0.02, route },
];

async function startTarget(t: TestContext, way: IWay, random: () => number): Promise<number> {
  const listener = answerer(random, way.faults);
  if (way.targetTls !== true) return (await startHttp(t, listener)).port;
  const server = createHttps(certificate, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

for (const [seed, way] of ways.entries()) {
  test(`random traffic, ${way.name}`, { timeout: 120_000 }, async (t) => {
    const target = await startTarget(t, way, seededRandom(seed));
    const { port, proxy, ledger } = await startProxy(t, [way.route(target)]);
    const clients = Array.from({ length: way.clients }, async (_, n): Promise<ITally> => {
      const socket = way.connect(port(8080));
      return runClient(socket, seededRandom(seed * 1_000 + n), `c${n}`, way.faults !== undefined);
    });
    const tallies = await Promise.all(clients);
    await ledger.assertLaws();
    const sum = (of: (tally: ITally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
    const { requests } = proxy.stats.getTotals();
    if (way.faults === undefined) {
      assert.equal(
        sum(({ answered }) => answered),
        way.clients * REQUESTS,
      );
      assert.equal(requests, way.clients * REQUESTS);
    } else {
      assert.ok(sum(({ answered }) => answered) > 0 && sum(({ cut }) => Number(cut)) > 0);
      assert.ok(requests >= sum(({ answered, refused }) => answered + refused));
    }
  });
}
