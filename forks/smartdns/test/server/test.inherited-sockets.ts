import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { DnsServer, IDnsListenAddresses } from '#server';
import { askRawTcp, askRawUdp, decode, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

const linuxOnly = process.platform === 'linux' ? false : 'descriptors are read from /proc';
const { cert, key } = selfSignedCertificate(['localhost', '127.0.0.1']);

interface IReply {
  readonly addresses: IDnsListenAddresses;
  readonly totals: { readonly received: number };
  readonly holds: boolean;
  readonly error?: string;
}

async function tell(child: ChildProcess, order: string): Promise<IReply> {
  const reply = once(child, 'message');
  child.send(order);
  return ((await reply) as [IReply])[0];
}

function successor(t: TestContext, server: DnsServer, udpBatch: boolean): ChildProcess {
  const handles = server.listenerHandles();
  assert.deepEqual([...handles.keys()].sort(), ['https', 'tcp', 'tls', 'udp']);
  const fds = (['udp', 'tcp', 'tls', 'https'] as const).map((name) => handles.get(name)!.fd);
  const child = fork(new URL('./successor.ts', import.meta.url), [JSON.stringify({ cert, key, udpBatch })], {
    stdio: ['ignore', 'inherit', 'inherit', ...fds, 'ipc'],
  });
  t.after(async () => {
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
    await ended;
  });
  return child;
}

function ownSockets(): Set<string> {
  const links = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return new Set(links);
}

const addressOf = (answer: Buffer | undefined): unknown => decode(answer!).answers[0]?.data;

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

for (const udpBatch of [false, true]) {
  const how = udpBatch ? 'with batched datagrams' : 'with plain datagrams';
  test(
    `a successor takes every socket, ${how}: what the old one was asked it answers, what comes then the new one`,
    {
      skip: linuxOnly,
    },
    async (t) => {
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const options = { httpsCert: cert, httpsKey: key, httpsPort: 0, tlsPort: 0, udpBatch };
      const { server, port } = await startServer(t, options, (prepared) => {
        prepared.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
        prepared.registerHandler('slow.example.test', ['A'], async (question) => {
          await held;
          return record(question.name, 'A', '192.0.2.2');
        });
      });
      const { addresses } = server;
      const sockets = [...server.listenerHandles().values()].map(({ fd }) => readlinkSync(`/proc/self/fd/${fd}`));
      const child = successor(t, server, udpBatch);
      const slowUdp = askRawUdp(port, makeQuery({ name: 'slow.example.test' }));
      const slowTcp = askRawTcp(addresses.tcp!.port, [makeQuery({ name: 'slow.example.test' })]);
      const unasked = await connected(addresses.tcp!.port);
      while (server.stats.getTotals().received < 2 || server.stats.snapshot().tcpConnections.active < 2) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const started = await tell(child, 'start');
      assert.equal(started.error, undefined);
      assert.deepEqual(started.addresses, addresses);
      const stopped = server.stop({ drainTimeout: 60_000 });
      for (let turn = 0; turn < 20; turn += 1) {
        assert.equal(addressOf(await askRawUdp(port, makeQuery({ name: 'www.example.test' }))), '192.0.2.9');
        const [answer] = await askRawTcp(addresses.tcp!.port, [makeQuery({ name: 'www.example.test' })]);
        assert.equal(addressOf(answer), '192.0.2.9');
      }
      release();
      assert.equal(addressOf(await slowUdp), '192.0.2.2');
      assert.equal(addressOf((await slowTcp)[0]), '192.0.2.2');
      // A connection that was made before, but not used yet, gets its one answer, too.
      const query = makeQuery({ name: 'www.example.test' });
      unasked.write(Buffer.concat([Buffer.from([0, query.length]), query]));
      const chunks: Buffer[] = [];
      for await (const chunk of unasked) chunks.push(chunk as Buffer);
      assert.equal(addressOf(Buffer.concat(chunks).subarray(2)), '192.0.2.1');
      await stopped;
      assert.equal(server.listenerHandles().size, 0);
      const mine = ownSockets();
      for (const socket of sockets) assert.ok(!mine.has(socket), 'the old process has let go of every socket');
      assert.equal((await tell(child, 'numbers')).totals.received, 40);
      assert.equal((await tell(child, 'stop')).holds, false, 'the new one closes what it took');
    },
  );
}

test('a drain ends with its time, whatever still waits', async (t) => {
  const { server, port } = await startServer(t, {}, (prepared) => {
    prepared.registerHandler('never.example.test', ['A'], () => new Promise<null>(() => {}));
  });
  const answer = askRawUdp(port, makeQuery({ name: 'never.example.test' }));
  while (server.stats.getTotals().received < 1) await new Promise((resolve) => setImmediate(resolve));
  await server.stop({ drainTimeout: 20 });
  assert.equal(decode((await answer)!).rcode, 2);
});
