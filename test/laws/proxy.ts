/**
 * The laws that the proxy's numbers keep after every scenario, faults included, as one reusable check.
 *
 * @module
 */
import {
  UNROUTED,
  type IConnectionCloseEvent,
  type IConnectionOpenEvent,
  type IRequestCompletedEvent,
  type SmartProxy,
} from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { sum } from './sum.ts';

/** Listens to a proxy from before its start and holds what it said against what it counted. */
export class ProxyLedger {
  readonly opens = new Map<string, IConnectionOpenEvent>();
  readonly closes = new Map<string, IConnectionCloseEvent>();
  readonly requests: IRequestCompletedEvent[] = [];
  readonly #proxy: SmartProxy;
  #rejected = 0;
  readonly #violations: string[] = [];

  constructor(proxy: SmartProxy) {
    this.#proxy = proxy;
    proxy.on('connection-open', (event) => {
      if (this.opens.has(event.connectionId)) this.#violations.push(`${event.connectionId} was opened twice`);
      this.opens.set(event.connectionId, event);
    });
    proxy.on('connection-close', (event) => {
      if (!this.opens.has(event.connectionId))
        this.#violations.push(`${event.connectionId} was closed without an open`);
      if (this.closes.has(event.connectionId)) this.#violations.push(`${event.connectionId} was closed twice`);
      if (event.bytesTransferred !== event.bytesIn + event.bytesOut)
        this.#violations.push(`${event.connectionId} has a wrong byte sum`);
      if (event.reason === '') this.#violations.push(`${event.connectionId} closed without a reason`);
      this.closes.set(event.connectionId, event);
    });
    proxy.on('connection-rejected', () => {
      this.#rejected += 1;
    });
    proxy.on('request-completed', (event) => this.requests.push(event));
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** Resolves when no connection is active; the caller's test time-out bounds the wait. */
  async settled(): Promise<void> {
    while (this.#proxy.stats.getActiveConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The laws that hold at any moment. */
  assertAlways(): void {
    assert.deepEqual(this.#violations, []);
    const snapshot = this.#proxy.stats.snapshot();
    const closed = sum(Object.values(snapshot.terminationReasons));
    assert.equal(snapshot.totals.connections, snapshot.activeConnections + closed, 'total = active + closed');
    const routes = snapshot.routes;
    assert.equal(
      sum(routes.map((route) => route.total)),
      snapshot.totals.connections,
      'sum over routes of connections = total',
    );
    assert.equal(
      sum(routes.map((route) => route.active)),
      snapshot.activeConnections,
      'sum over routes of active = active',
    );
    assert.equal(
      sum(routes.map((route) => route.bytesIn)),
      snapshot.totals.bytesIn,
      'sum over routes of bytesIn = total',
    );
    assert.equal(
      sum(routes.map((route) => route.bytesOut)),
      snapshot.totals.bytesOut,
      'sum over routes of bytesOut = total',
    );
    assert.equal(
      sum(routes.map((route) => route.requests)),
      snapshot.totals.requests,
      'sum over routes of requests = total',
    );
    assert.equal(this.requests.length, snapshot.totals.requests, 'one request-completed per counted request');
    assert.equal(
      sum(Object.values(snapshot.rejectReasons)),
      snapshot.totals.rejected,
      'sum of reject reasons = rejected',
    );
    assert.equal(sum(Object.values(snapshot.connectionTypes)), snapshot.totals.connections, 'sum over types = total');
    assert.ok(Object.values(snapshot.terminationReasons).every((count) => count > 0 || Object.is(count, 0)));
  }

  /** The laws that hold once everything is closed. */
  async assertSettled(): Promise<void> {
    await this.settled();
    this.assertAlways();
    const snapshot = this.#proxy.stats.snapshot();
    assert.equal(snapshot.activeConnections, 0);
    assert.equal(this.closes.size, this.opens.size, 'every open has exactly one close');
    const unrouted = snapshot.routes.find((route) => route.routeName === UNROUTED);
    const closes = [...this.closes.values()];
    assert.equal(
      sum(closes.map((event) => event.bytesIn)) + (unrouted?.bytesIn ?? 0),
      snapshot.totals.bytesIn,
      'bytesIn of closes = total',
    );
    assert.equal(
      sum(closes.map((event) => event.bytesOut)) + (unrouted?.bytesOut ?? 0),
      snapshot.totals.bytesOut,
      'bytesOut of closes = total',
    );
    assert.equal(sum(closes.map((event) => event.requests)), snapshot.totals.requests, 'requests of closes = total');
    for (const [connectionId, close] of this.closes) {
      const open = this.opens.get(connectionId)!;
      assert.equal(close.clientIp, open.clientIp);
      assert.equal(close.routeName, open.routeName, 'a connection closes under the route that it was opened under');
    }
  }

  /** After drain: nothing active, nothing pooled. */
  async assertDrained(): Promise<void> {
    await this.assertSettled();
    const pool = this.#proxy.stats.getPoolStats();
    assert.equal(pool.active, 0, 'no upstream connection in use');
    assert.equal(pool.idle, 0, 'no upstream connection left in the pool');
  }
}
