/**
 * Killed at random moments while it changes: after each start exactly the old or the new configuration serves, in the
 * proxy and in DNS alike, and what was acknowledged serves.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { steadyPorts } from '../helpers/ports.ts';
import type { TOrder } from './crash-child.ts';

const KILLS = 20;
/** A kill comes this long after the first order at most; an order takes a few milliseconds. */
const KILL_WITHIN_MS = 120;
const seed = Number(process.env['DCROUTER_TEST_SEED'] ?? 20_261_127);

/** xorshift32 */
function randomOf(start: number): () => number {
  let state = start | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

async function startBackend(t: TestContext): Promise<number> {
  const server = createServer((_incoming, response) => response.end('here'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function statusOf(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent: false, headers: { host } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    })
      .on('error', reject)
      .end();
  });
}

async function rcodeOf(port: number, label: string): Promise<number> {
  const socket = createSocket('udp4');
  const name = [label, 'crash', 'test'].map((part) => String.fromCharCode(part.length) + part).join('');
  const query = Buffer.from(`\0\x01\0\0\0\x01\0\0\0\0\0\0${name}\0\0\x01\0\x01`, 'latin1');
  const answered = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(query, port, '127.0.0.1');
  const [message] = await answered;
  socket.close();
  return message[3]! & 15;
}

test(`${KILLS} kills while changing leave the old or the new configuration, never one between`, async (t) => {
  t.diagnostic(`seed ${seed} (DCROUTER_TEST_SEED)`);
  const random = randomOf(seed);
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-crash-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [api, http, dns] = (await steadyPorts(3)) as [number, number, number];
  const target = await startBackend(t);
  const route = (name: string) => ({
    name,
    match: { ports: http, domains: `${name}.test` },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: target }] },
  });
  /** Its number stands in a route and in a record. */
  const document = (step: number): string =>
    JSON.stringify({
      api: { port: api },
      store: { type: 'sqlite', path: './state.db' },
      proxy: { address: '127.0.0.1', routes: [route(`doc${step}`)] },
      dns: {
        address: '127.0.0.1',
        port: dns,
        zones: {
          'crash.test': {
            records: [
              { name: '@', type: 'NS', data: 'ns1.crash.test' },
              { name: `doc${step}`, type: 'A', data: '192.0.2.1' },
            ],
          },
        },
      },
    });
  /** One object takes the place of the one before, in one change. */
  const objects = (step: number, before: number | undefined): TOrder => ({
    step,
    objects: [
      ...(before === undefined ? [] : [{ op: 'remove', kind: 'route', id: `object${before}` } as const]),
      { op: 'put', kind: 'route', id: `object${step}`, value: route(`object${step}`) },
    ],
  });
  const file = join(folder, 'router.yaml');
  await writeFile(file, document(0));

  let child: ChildProcess | undefined;
  t.after(() => child?.kill('SIGKILL'));
  /** What was acknowledged last, of either kind; and what was under way when the process died. */
  let acknowledged: { readonly doc: number; readonly object: number | undefined } = { doc: 0, object: undefined };
  let underWay: TOrder | undefined;
  let step = 0;
  let changes = 0;
  let survived = 0;

  const send = (): void => {
    step += 1;
    underWay = random() < 0.5 ? { step, document: document(step) } : objects(step, acknowledged.object);
    child!.send(underWay);
  };
  const took = (order: TOrder): void => {
    acknowledged = 'document' in order ? { ...acknowledged, doc: order.step } : { ...acknowledged, object: order.step };
  };

  for (let kill = 0; kill <= KILLS; kill += 1) {
    child = fork(join(import.meta.dirname, 'crash-child.ts'), [file], {
      execArgv: ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning'],
    });
    const ended = once(child, 'exit');
    const [ready] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
    assert.deepEqual(ready, { ready: true }, `seed ${seed}, kill ${kill}: it starts again`);

    const about = `seed ${seed}, kill ${kill}, under way ${JSON.stringify(underWay)?.slice(0, 60)}`;
    const order = underWay;
    if (order !== undefined) {
      const name = 'document' in order ? `doc${order.step}` : `object${order.step}`;
      if ((await statusOf(http, `${name}.test`)) === 200) {
        took(order);
        survived += 1;
      }
    }
    // Everything that ever served: only the last of each kind does, in every part.
    const { doc, object } = acknowledged;
    const served: string[] = [];
    const answered: string[] = [];
    for (let earlier = Math.max(0, step - 6); earlier <= step; earlier += 1) {
      for (const name of [`doc${earlier}`, `object${earlier}`])
        if ((await statusOf(http, `${name}.test`)) === 200) served.push(name);
      if ((await rcodeOf(dns, `doc${earlier}`)) === 0) answered.push(`doc${earlier}`);
    }
    const recent = (number: number | undefined, name: string): string[] =>
      number === undefined || number < step - 6 ? [] : [`${name}${number}`];
    assert.deepEqual(served.sort(), [...recent(doc, 'doc'), ...recent(object, 'object')].sort(), about);
    assert.deepEqual(answered, recent(doc, 'doc'), about);
    assert.equal(await statusOf(http, `doc${doc}.test`), 200, about);
    if (object !== undefined) assert.equal(await statusOf(http, `object${object}.test`), 200, about);
    if (kill === KILLS) break;

    child.on('message', (message: { acknowledged?: number; refused?: number; error?: string }) => {
      assert.equal(message.refused, undefined, `${about}: ${message.error}`);
      assert.equal(message.acknowledged, underWay?.step);
      took(underWay!);
      changes += 1;
      // The last acknowledgement may be read after the death.
      if (child!.connected) send();
    });
    send();
    setTimeout(() => child!.kill('SIGKILL'), random() * KILL_WITHIN_MS);
    await ended;
  }
  t.diagnostic(`${changes} changes acknowledged, ${survived} of those under way at a kill were kept`);
  assert.ok(changes > 0);
});
