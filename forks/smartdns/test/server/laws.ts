/**
 * What the server's numbers promise, checked after every scenario.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { DnsServer } from '#server';

const sum = (record: Readonly<Record<string, number>>): number =>
  Object.values(record).reduce((total, count) => total + count, 0);

/** Holds whenever no query is in work. */
export function assertLaws(server: DnsServer): void {
  const { totals, types, rcodes, transports, dropsByReason, latency, cache } = server.stats.snapshot();
  assert.equal(totals.received, totals.answered + totals.dropped, 'received = answered + dropped');
  assert.equal(sum(dropsByReason), totals.dropped, 'drops by reason');
  assert.equal(sum(types), totals.received, 'types');
  assert.equal(sum(rcodes), totals.answered, 'rcodes');
  assert.equal(sum(transports), totals.received, 'transports');
  assert.equal(
    Object.values(latency).reduce((total, { count }) => total + count, 0),
    totals.answered,
    'one time per answer',
  );
  assert.equal(cache.hitRate, cache.hits + cache.misses === 0 ? 0 : cache.hits / (cache.hits + cache.misses));
}
