/**
 * The laws that the DNS server's numbers keep after every scenario, as one reusable check.
 *
 * @module
 */
import type { DnsServer, IQueryAnsweredEvent, IQueryErrorEvent, IQueryReceivedEvent } from '@dcrouter/smartdns/server';
import assert from 'node:assert/strict';
import { sum } from './sum.ts';

/** Listens to a DNS server from before its start and holds what it said against what it counted. */
export class DnsLedger {
  readonly received: IQueryReceivedEvent[] = [];
  readonly answered: IQueryAnsweredEvent[] = [];
  readonly errors: IQueryErrorEvent[] = [];
  readonly #server: DnsServer;

  constructor(server: DnsServer) {
    this.#server = server;
    server.on('query-received', (event) => this.received.push(event));
    server.on('query-answered', (event) => this.answered.push(event));
    server.on('query-error', (event) => this.errors.push(event));
  }

  /** Holds whenever no query is in flight. */
  assertLaws(): void {
    const snapshot = this.#server.stats.snapshot();
    const { totals } = snapshot;
    assert.equal(totals.received, totals.answered + totals.dropped, 'received = answered + dropped');
    assert.equal(sum(Object.values(snapshot.dropsByReason)), totals.dropped, 'sum of drop reasons = dropped');
    assert.equal(sum(Object.values(snapshot.types)), totals.received, 'sum over types = received');
    assert.equal(
      sum(Object.values(snapshot.rcodes)) + totals.dropped,
      totals.received,
      'sum over rcodes + dropped = received',
    );
    assert.equal(sum(Object.values(snapshot.transports)), totals.received, 'sum over transports = received');
    assert.equal(this.answered.length, totals.answered, 'one query-answered per counted answer');
    assert.equal(sum(this.answered.map((event) => event.bytes)), totals.bytesOut, 'bytes of answers = bytesOut');
    assert.equal(
      sum(Object.values(snapshot.latency).map((latency) => latency.count)),
      totals.answered,
      'one latency per answer',
    );
    const { hits, misses, hitRate } = snapshot.cache;
    assert.equal(hitRate, hits + misses === 0 ? 0 : hits / (hits + misses));
    const ids = this.received.map((event) => event.queryId);
    assert.equal(new Set(ids).size, ids.length, 'query ids are unique');
  }
}
