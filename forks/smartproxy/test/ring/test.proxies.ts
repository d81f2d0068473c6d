// Proxies that share a ring, and proxies in threads: one that goes takes nothing of the others with it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { RawClient, startProxy, startTcp } from '../helpers/proxy.ts';
import { holdRing } from '../sockets/owner.ts';
import { nextTurn } from './echo.ts';
import { emptied } from './turn.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
const raw = (port: number) => ({
  name: 'raw',
  match: { ports: 9000 },
  action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port }] },
});

interface IState {
  runs: boolean;
  rounds: number;
}

/** Sends numbers to an echo, each when the one before is back, until it is told to stop or the connection ends. */
async function chat(client: RawClient, state: IState): Promise<string> {
  let expected = '';
  try {
    for (let round = 0; state.runs; round += 1) {
      const message = `${round} `;
      expected += message;
      client.send(message);
      await client.until(({ received, ended }) => ended || received.length >= expected.length);
      if (client.ended) break;
      state.rounds += 1;
    }
  } catch {
    // It was cut, as it may be; what came until then is looked at.
  }
  assert.ok(expected.startsWith(client.text), 'what comes back is what was sent');
  return expected;
}

test('two proxies in one process share a ring; one stops under traffic, the other goes on', { skip }, async (t) => {
  const ring = holdRing(t);
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const first = await startProxy(t, [raw(echo.port)], { sockets: 'ring' });
  const second = await startProxy(t, [raw(echo.port)], { sockets: 'ring' });
  const open = (port: number) => Promise.all(Array.from({ length: 50 }, () => RawClient.open(port)));
  const ofFirst = await open(first.port(9000));
  const ofSecond = await open(second.port(9000));
  const states = [
    { runs: true, rounds: 0 },
    { runs: true, rounds: 0 },
  ] as [IState, IState];
  const chats = [
    Promise.all(ofFirst.map((client) => chat(client, states[0]))),
    Promise.all(ofSecond.map((client) => chat(client, states[1]))),
  ];
  while (states[0].rounds < 500 || states[1].rounds < 500) await nextTurn();
  // Both sides of all of them.
  while (ring.users < 200) await nextTurn();
  await first.proxy.stop({ drainTimeout: 0 });
  await chats[0];
  const before = states[1].rounds;
  while (states[1].rounds < before + 500) await nextTurn();
  assert.equal(ring.users, 100);
  // It starts again, in the same ring.
  await first.proxy.start();
  const again = await RawClient.open(first.proxy.listeningPort(9000)!);
  for (const text of ['a', 'b', 'c']) {
    again.send(text);
    await again.has(text);
  }
  again.socket.destroy();
  states[1].runs = false;
  const expected = (await chats[1])!;
  for (const [at, client] of ofSecond.entries()) assert.equal(client.text, expected[at]);
  for (const client of [...ofFirst, ...ofSecond]) client.socket.destroy();
  await first.proxy.stop({ drainTimeout: 0 });
  await second.proxy.stop({ drainTimeout: 0 });
  await emptied(ring);
});

for (const how of ['stop', 'exit'] as const) {
  test(
    `a proxy in a thread that ends by ${how}: its clients hear of it, the ring of this thread goes on`,
    { skip },
    async (t) => {
      holdRing(t);
      const echo = await startTcp(t, (socket) => socket.pipe(socket));
      const here = await startProxy(t, [raw(echo.port)], { sockets: 'ring' });
      const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { port: echo.port } });
      t.after(() => worker.terminate());
      const [{ port }] = (await once(worker, 'message')) as [{ port: number }];
      const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(port)));
      const mine = await RawClient.open(here.port(9000));
      const state = { runs: true, rounds: 0 };
      const ownState = { runs: true, rounds: 0 };
      const chats = Promise.all(clients.map((client) => chat(client, state)));
      const ownChat = chat(mine, ownState);
      while (state.rounds < 500) await nextTurn();
      worker.postMessage('users');
      const [{ users }] = (await once(worker, 'message')) as [{ users: number }];
      assert.ok(users > 20, `${users} are in the ring`);
      const exited = once(worker, 'exit');
      worker.postMessage(how);
      await exited;
      await chats;
      for (const client of clients) assert.ok(client.ended || client.closed);
      const goal = ownState.rounds + 100;
      while (ownState.rounds < goal) await nextTurn();
      ownState.runs = false;
      const expected = await ownChat;
      assert.equal(mine.text, expected);
      mine.socket.destroy();
    },
  );
}
