/**
 * Two hundred changes under continuous load: nobody who uses what stays notices any of them.
 *
 * @module
 */
import { RouterProcess, createLogger } from '@dcrouter/dcrouter';
import { Buffer } from 'node:buffer';
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { steadyPorts } from '../helpers/ports.ts';
import { DnsLedger } from '../laws/dns.ts';
import { ProxyLedger } from '../laws/proxy.ts';

const CHANGES = 200;
/** Longest wait for an answer on loopback before it counts as failed. */
const ANSWER_MS = 10_000;

async function startBackend(t: TestContext): Promise<number> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.end('steady');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** One client that asks again as soon as it is answered. */
interface IClient {
  readonly failures: readonly string[];
  readonly done: number;
  readonly ended: Promise<void>;
}

function keepAsking(over: AbortSignal, ask: () => Promise<string>, expected: string): IClient {
  const client = { failures: [] as string[], done: 0, ended: Promise.resolve() };
  client.ended = (async () => {
    while (!over.aborted) {
      const answer = await ask().catch((error: unknown) => `failed: ${String(error)}`);
      client.done += 1;
      if (answer !== expected) client.failures.push(answer);
    }
  })();
  return client;
}

/** So that every change meets every client: each has been answered twice more, the second time asked after this. */
async function allAnswered(clients: readonly IClient[]): Promise<void> {
  const wanted = clients.map(({ done }) => done + 2);
  while (clients.some(({ done }, index) => done < wanted[index]!))
    await new Promise((resolve) => setImmediate(resolve));
}

function httpGet(port: number, agent: Agent | false): () => Promise<string> {
  return () =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const options = { host: '127.0.0.1', port, agent, headers: { host: 'steady.test' }, signal };
      const outgoing = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(`${response.statusCode} ${text}`));
        response.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
}

/** Asks for the address of `steady.storm.test` in a datagram and reads it out of the answer. */
function dnsAsk(t: TestContext, port: number): () => Promise<string> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  const question = Buffer.from('\x06steady\x05storm\x04test\x00\x00\x01\x00\x01', 'latin1');
  let id = 0;
  return async () => {
    id = (id + 1) % 65_536;
    const header = Buffer.from([id >> 8, id & 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS) }) as Promise<[Buffer]>;
    socket.send(Buffer.concat([header, question]), port, '127.0.0.1');
    const [message] = await answered;
    assert.equal(message.readUInt16BE(0), id);
    return `rcode ${message[3]! & 15} ${[...message.subarray(-4)].join('.')}`;
  };
}

test(`${CHANGES} changes under load: no request fails, and the laws are kept`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-storm-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [api, http, dns, ...others] = (await steadyPorts(6)) as [number, number, number, ...number[]];
  // The steady route goes to one of two backends, so that it changes as well.
  const targets = [await startBackend(t), await startBackend(t)];
  const route = (name: string, port: number, target: number, domains: string) => ({
    name,
    match: { ports: port, domains },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: target }] },
  });
  const document = (step: number): string => {
    const records = [
      { name: '@', type: 'NS', data: 'ns1.storm.test' },
      { name: 'steady', type: 'A', data: '192.0.2.7' },
      { name: `step${step}`, type: 'A', data: '192.0.2.8' },
    ];
    return JSON.stringify({
      api: { port: api },
      proxy: {
        address: '127.0.0.1',
        drainTimeoutMs: 2_000,
        routes: [
          route('steady', http, targets[step % 2]!, 'steady.test'),
          route(`step-${step}`, http, targets[0]!, `step${step}.test`),
          route(`port-${step % 5}`, others[step % others.length]!, targets[1]!, '*'),
        ],
      },
      dns: {
        address: '127.0.0.1',
        port: dns,
        zones: { 'storm.test': { records }, [`zone${step % 3}.test`]: { records: records.slice(0, 1) } },
      },
    });
  };
  const file = join(folder, 'router.yaml');
  await writeFile(file, document(0));
  const running = await RouterProcess.start(file, { logger: createLogger({ level: 'silent', format: 'json' }) });
  t.after(() => running.stop());
  const { router, control } = running;
  const proxyLedger = new ProxyLedger(router.proxy!);
  const dnsLedger = new DnsLedger(router.dns!);

  const over = new AbortController();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const clients = [
    keepAsking(over.signal, httpGet(http, agent), '200 steady'),
    keepAsking(over.signal, httpGet(http, false), '200 steady'),
    keepAsking(over.signal, dnsAsk(t, dns), 'rcode 0 192.0.2.7'),
  ] as const;
  const [keptAlive, fresh, queries] = clients;
  for (let step = 1; step <= CHANGES; step += 1) {
    if (step % 10 !== 0) await control.apply({ file, text: document(step), source: 'api' }, { by: 'token:storm' });
    else {
      await writeFile(file, document(step));
      await control.reload('signal');
    }
    await allAnswered(clients);
  }
  over.abort();
  await Promise.all(clients.map(({ ended }) => ended));
  for (const client of clients) {
    assert.deepEqual(client.failures, []);
    assert.ok(client.done >= 2 * CHANGES);
  }
  const { changes, version } = control.stats();
  assert.deepEqual([changes.api.applied, changes.file.applied, version], [180, 20, CHANGES + 1]);
  assert.equal(router.config.proxy?.routes[1]?.name, `step-${CHANGES}`);

  agent.destroy();
  await proxyLedger.assertSettled();
  assert.equal(proxyLedger.rejected, 0);
  const opens = [...proxyLedger.opens.values()];
  assert.ok(opens.length <= fresh.done + 1, 'the kept-alive client was on one connection all the time');
  dnsLedger.assertLaws();
  assert.equal(dnsLedger.received.length, queries.done);
  await running.stop();
  await proxyLedger.assertDrained();
  t.diagnostic(`${keptAlive.done} and ${fresh.done} requests, ${queries.done} queries`);
});
