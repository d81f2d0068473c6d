// What every implementation of the DNS stats and events is held to, and which one is known not to do what.
import assert from 'node:assert/strict';
import { ask } from './dns-ask.ts';
import type { IDnsEvent, IDnsSubject, TDnsSubjectName, TStartDns } from './dns-subjects.ts';
import type { IKnownFailures } from './table.ts';
import { until } from './until.ts';

/** The server has come to rest with `count` queries. */
const settled = (subject: IDnsSubject, count: number): Promise<void> =>
  until(() => {
    const { received, answered, dropped } = subject.stats.getTotals();
    return received === count && answered + dropped === count;
  }, `${count} queries to be counted`);

const named = (subject: IDnsSubject, name: string): IDnsEvent[] =>
  subject.events.filter((event) => event.name === name);
const sum = (record: Readonly<Record<string, number>>): number => Object.values(record).reduce((a, b) => a + b, 0);

type TCheck = (start: TStartDns, running: (subject: IDnsSubject) => IDnsSubject) => Promise<void>;

export const dnsChecks: Readonly<Record<string, TCheck>> = {
  'received = answered + dropped, in a burst too': async (start, running) => {
    const subject = running(await start());
    const names = Array.from({ length: 100 }, (_, index) => `n${index % 10}.peer.test`);
    await Promise.all(names.map((name) => ask(subject.port, name)));
    await settled(subject, names.length);
    assert.equal(subject.stats.getTotalQueries(), names.length);
    assert.equal(named(subject, 'query-received').length, names.length);
    assert.equal(named(subject, 'query-answered').length, names.length);
  },
  'the sums over types, codes and transports are the totals': async (start, running) => {
    const subject = running(await start());
    for (const type of ['A', 'A', 'TXT']) await ask(subject.port, 'a.peer.test', type);
    await settled(subject, 3);
    assert.deepEqual(subject.stats.getQueryTypeBreakdown(), { A: 2, TXT: 1 });
    assert.equal(sum(subject.stats.getResponseCodeBreakdown()), 3);
    assert.equal(sum(subject.stats.getTransportBreakdown()), 3);
  },
  'names are counted without regard to case': async (start, running) => {
    const subject = running(await start());
    for (const name of ['a.peer.test', 'A.peer.test', 'b.peer.test']) await ask(subject.port, name);
    await settled(subject, 3);
    assert.deepEqual(subject.stats.getTopDomains(1), [{ domain: 'a.peer.test', count: 2, maxError: 0 }]);
  },
  'names in any case find their handler': async (start, running) => {
    const seen: string[] = [];
    const subject = running(await start((name) => seen.push(name)));
    await ask(subject.port, 'a.PEER.test');
    assert.equal(seen.length, 1);
  },
  'answer times are counted once each': async (start, running) => {
    const subject = running(await start());
    for (const name of ['a.peer.test', 'b.peer.test']) await ask(subject.port, name);
    await settled(subject, 2);
    const { count, buckets, p50Ms, maxMs } = subject.stats.getLatency();
    assert.equal(count, 2);
    assert.deepEqual(buckets.at(-1), { le: Infinity, count: 2 });
    assert.ok(p50Ms <= maxMs);
  },
  'a received and an answered event per query, with one id': async (start, running) => {
    const subject = running(await start());
    await ask(subject.port, 'a.peer.test', 'TXT');
    await settled(subject, 1);
    await until(() => named(subject, 'query-answered').length === 1, 'the event');
    const [received] = named(subject, 'query-received');
    const [answered] = named(subject, 'query-answered');
    assert.equal(received!.payload['queryId'], answered!.payload['queryId']);
    assert.deepEqual([answered!.payload['domain'], answered!.payload['type']], ['a.peer.test', 'TXT']);
    assert.equal(answered!.payload['answers'], 1);
    assert.ok(received!.payload['timestamp'] instanceof Date);
    assert.ok(subject.events.indexOf(received!) < subject.events.indexOf(answered!));
  },
  'payloads are frozen': async (start, running) => {
    const subject = running(await start());
    await ask(subject.port, 'bad.peer.test');
    await settled(subject, 1);
    const ours = subject.events.filter(({ name }) => name !== 'query');
    assert.deepEqual(
      new Set(ours.map(({ name }) => name)),
      new Set(['query-received', 'query-error', 'query-answered']),
    );
    assert.ok(ours.every(({ payload }) => Object.isFrozen(payload)));
  },
  'query-received comes before the handlers run': async (start, running) => {
    let receivedBefore = -1;
    const subject: IDnsSubject = running(
      await start(() => {
        receivedBefore = named(subject, 'query-received').length;
      }),
    );
    await ask(subject.port, 'a.peer.test');
    assert.equal(receivedBefore, 1);
  },
  'a failing handler is counted, told of, and the client is answered': async (start, running) => {
    const subject = running(await start());
    await ask(subject.port, 'bad.peer.test');
    await settled(subject, 1);
    assert.equal(subject.stats.getErrors()['handler'], 1);
    assert.equal(subject.stats.getTotals().answered, 1);
    const [event] = named(subject, 'query-error');
    assert.equal(event!.payload['reason'], 'handler');
  },
  'a listener may read the stats': async (start, running) => {
    const subject = running(await start());
    let total = 0;
    subject.on('query-received', () => {
      total = subject.stats.getTotalQueries();
    });
    await ask(subject.port, 'a.peer.test');
    await settled(subject, 1);
    assert.equal(total, 1);
  },
  'a snapshot is plain JSON that agrees with itself': async (start, running) => {
    const subject = running(await start());
    for (const name of ['a.peer.test', 'bad.peer.test']) await ask(subject.port, name);
    await settled(subject, 2);
    const { totals, types, transports, dropsByReason } = subject.stats.snapshot();
    assert.equal(totals.received, totals.answered + sum(dropsByReason));
    assert.equal(sum(types), totals.received);
    assert.equal(sum(transports), totals.received);
    assert.doesNotThrow(() => JSON.stringify(subject.stats.snapshot()));
  },
  'rate and cache numbers are numbers from the start': async (start, running) => {
    const subject = running(await start());
    assert.equal(subject.stats.getQueriesPerSecond(), 0);
    const { hits, misses, hitRate } = subject.stats.getCacheStats();
    assert.deepEqual({ hits, misses, hitRate }, { hits: 0, misses: 0, hitRate: 0 });
  },
  "upstream's own query event is kept": async (start, running) => {
    const subject = running(await start());
    await ask(subject.port, 'a.peer.test');
    await until(() => named(subject, 'query').length === 1, 'the event');
    assert.equal(named(subject, 'query')[0]!.payload['answered'], true);
  },
  'queries are counted under the pattern that answered': async (start, running) => {
    const subject = running(await start());
    await ask(subject.port, 'a.peer.test');
    await settled(subject, 1);
    const zone = subject.stats.getZoneStats().find((entry) => entry.zone === '*.peer.test');
    assert.equal(zone?.queries, 1);
  },
  'a middleware stands around every query': async (start, running) => {
    const subject = running(await start());
    const seen: string[] = [];
    assert.ok(subject.use, 'there is no use()');
    subject.use(async ({ domain }, next) => {
      seen.push(domain);
      await next();
    });
    await ask(subject.port, 'a.peer.test');
    assert.deepEqual(seen, ['a.peer.test']);
  },
  'the response code is the one on the wire': async (start, running) => {
    const subject = running(await start());
    const replies = [await ask(subject.port, 'a.peer.test'), await ask(subject.port, 'none.peer.test')];
    await settled(subject, 2);
    await until(() => named(subject, 'query-answered').length === 2, 'the events');
    const told = named(subject, 'query-answered').map(({ payload }) => payload['responseCode']);
    assert.deepEqual(
      told,
      replies.map(({ rcode }) => rcode),
    );
  },
  'transport, client and size are those on the wire': async (start, running) => {
    const subject = running(await start());
    const { bytes, clientPort } = await ask(subject.port, 'a.peer.test');
    await settled(subject, 1);
    await until(() => named(subject, 'query-answered').length === 1, 'the event');
    const received = named(subject, 'query-received')[0]!.payload;
    const answered = named(subject, 'query-answered')[0]!.payload;
    assert.deepEqual(
      [received['source'], received['clientIp'], received['clientPort'], answered['bytes']],
      ['udp', '127.0.0.1', clientPort, bytes],
    );
    assert.deepEqual(subject.stats.getTransportBreakdown().udp, 1);
    assert.equal(subject.stats.getTotals().bytesOut, bytes);
  },
};

/** What an implementation cannot do, and why. The suite proves that it really fails. */
export const dnsKnownFailures: Readonly<Record<TDnsSubjectName, IKnownFailures>> = {
  fork: {},
  patched: { 'transport, client and size are those on the wire': 'they do not leave the binary' },
  wrapped: {
    'names in any case find their handler': 'stock upstream compares with regard to case',
    'query-received comes before the handlers run': 'stock upstream tells of a query when its handlers are done',
    'a middleware stands around every query': 'a wrapper has no place between the binary and the handlers',
    'the response code is the one on the wire': 'the code does not leave the binary',
    'transport, client and size are those on the wire': 'they do not leave the binary',
  },
};
