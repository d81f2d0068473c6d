// What every implementation of the proxy stats and events is held to, and which one is known not to do what.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { IProxyEvent, IProxySubject, TProxySubjectName, TStartProxy } from './proxy-subjects.ts';
import type { IKnownFailures } from './table.ts';
import { until } from './until.ts';

async function open(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  let received = '';
  while (received.length < text.length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received += chunk.toString();
  }
  assert.equal(received, text);
  return socket;
}

const closed = (subject: IProxySubject, count: number): Promise<void> =>
  until(
    () => named(subject, 'connection-close').length === count && subject.stats.getActiveConnections() === 0,
    `${count} connections to be closed`,
  );
const named = (subject: IProxySubject, name: string): IProxyEvent[] =>
  subject.events.filter((event) => event.name === name);
const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0);

type TCheck = (start: TStartProxy, running: (subject: IProxySubject) => IProxySubject) => Promise<void>;

export const proxyChecks: Readonly<Record<string, TCheck>> = {
  'total = active + closed': async (start, running) => {
    const subject = running(await start());
    const sockets = [await open(subject.handlerPort, 'one'), await open(subject.forwardPort, 'two')];
    assert.deepEqual([subject.stats.getActiveConnections(), subject.stats.getTotalConnections()], [2, 2]);
    sockets.forEach((socket) => socket.end());
    await closed(subject, 2);
    assert.equal(sum(subject.stats.getTerminationReasons().values()), 2);
    assert.equal(subject.stats.getTotalConnections(), 2);
  },
  'one open and one close event per connection, with one id, frozen': async (start, running) => {
    const subject = running(await start());
    (await open(subject.handlerPort, 'hello')).end();
    await closed(subject, 1);
    const [opened] = named(subject, 'connection-open');
    const [ended] = named(subject, 'connection-close');
    assert.equal(named(subject, 'connection-open').length, 1);
    assert.equal(opened!.payload['connectionId'], ended!.payload['connectionId']);
    assert.ok(Object.isFrozen(opened!.payload) && Object.isFrozen(ended!.payload));
    assert.ok(subject.events.indexOf(opened!) < subject.events.indexOf(ended!));
  },
  'events name client, port and time': async (start, running) => {
    const subject = running(await start());
    const socket = await open(subject.handlerPort, 'hello');
    const { localPort } = socket;
    socket.end();
    await closed(subject, 1);
    const { clientIp, clientPort, localPort: port, timestamp } = named(subject, 'connection-open')[0]!.payload;
    assert.deepEqual([clientIp, clientPort, port], ['127.0.0.1', localPort, subject.handlerPort]);
    assert.ok(timestamp instanceof Date);
    assert.ok(Number(named(subject, 'connection-close')[0]!.payload['duration']) > 0);
  },
  'bytes are those of the client, and their sum is the total': async (start, running) => {
    const subject = running(await start());
    const texts = ['x'.repeat(1_000), 'y'.repeat(70_000)];
    (await open(subject.handlerPort, texts[0]!)).end();
    (await open(subject.forwardPort, texts[1]!)).end();
    await closed(subject, 2);
    const closes = named(subject, 'connection-close').map(({ payload }) => payload);
    const { bytesIn, bytesOut } = subject.stats.getTotals();
    assert.deepEqual([bytesIn, bytesOut], [71_000, 71_000]);
    assert.equal(sum(closes.map((payload) => Number(payload['bytesIn']))), bytesIn);
    assert.ok(closes.every((payload) => payload['bytesTransferred'] === Number(payload['bytesIn']) * 2));
  },
  'the sums over routes and addresses are the totals': async (start, running) => {
    const subject = running(await start());
    const sockets = [await open(subject.handlerPort, 'one'), await open(subject.forwardPort, 'two')];
    assert.equal(sum(subject.stats.getConnectionsByRoute().values()), 2);
    assert.deepEqual([...subject.stats.getConnectionsByIP()], [['127.0.0.1', 2]]);
    sockets.forEach((socket) => socket.end());
    await closed(subject, 2);
    const routes = subject.stats.getRouteStats();
    assert.equal(sum(routes.map(({ total }) => total)), 2);
    assert.equal(sum(routes.map(({ bytesIn }) => bytesIn)), subject.stats.getTotals().bytesIn);
    assert.deepEqual([...subject.stats.getConnectionsByIP()], []);
  },
  'connections are counted under their route': async (start, running) => {
    const subject = running(await start());
    (await open(subject.handlerPort, 'one')).end();
    (await open(subject.forwardPort, 'two')).end();
    await closed(subject, 2);
    const totals = ['handler', 'forward'].map((name) => subject.stats.getRouteStats(name)[0]?.total);
    assert.deepEqual(totals, [1, 1]);
  },
  'the busiest clients are known': async (start, running) => {
    const subject = running(await start());
    (await open(subject.handlerPort, 'one')).end();
    await closed(subject, 1);
    assert.deepEqual(subject.stats.getTopClients(5), [{ clientIp: '127.0.0.1', count: 1, maxError: 0 }]);
  },
  'a snapshot is plain JSON that agrees with itself': async (start, running) => {
    const subject = running(await start());
    (await open(subject.handlerPort, 'one')).end();
    await closed(subject, 1);
    const { totals, activeConnections, terminationReasons, routes } = subject.stats.snapshot();
    assert.equal(totals.connections, activeConnections + sum(Object.values(terminationReasons)));
    assert.equal(sum(routes.map(({ total }) => total)), totals.connections);
    assert.doesNotThrow(() => JSON.stringify(subject.stats.snapshot()));
  },
  'the connection to a target is counted under the target': async (start, running) => {
    const subject = running(await start());
    (await open(subject.forwardPort, 'one')).end();
    await closed(subject, 1);
    assert.equal(sum(subject.stats.getUpstreamStats().map(({ connects }) => connects)), 1);
  },
};

/** What an implementation cannot do, and why. The suite proves that it really fails. */
export const proxyKnownFailures: Readonly<Record<TProxySubjectName, IKnownFailures>> = {
  'fork': {},
  'wrapped stand-in': {
    'the connection to a target is counted under the target': 'a wrapper does not see which sockets lead to targets',
  },
};
