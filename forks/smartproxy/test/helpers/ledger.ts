// Holds what a proxy said against what it counted: the laws, checked after every scenario.
import assert from 'node:assert/strict';
import type {
  IConnectionCloseEvent,
  IConnectionOpenEvent,
  IConnectionRejectedEvent,
  IRequestCompletedEvent,
  IUpstreamErrorEvent,
  SmartProxy,
} from '@dcrouter/smartproxy';
import { UNROUTED } from '@dcrouter/smartproxy';

const POLL_MS = 2;
const POLLS_MAX = 15_000;

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);

export class Ledger {
  readonly opens: IConnectionOpenEvent[] = [];
  readonly closes: IConnectionCloseEvent[] = [];
  readonly rejections: IConnectionRejectedEvent[] = [];
  readonly requests: IRequestCompletedEvent[] = [];
  readonly upstreamErrors: IUpstreamErrorEvent[] = [];
  readonly #proxy: SmartProxy;

  constructor(proxy: SmartProxy) {
    this.#proxy = proxy;
    proxy.on('connection-open', (event) => this.opens.push(event));
    proxy.on('connection-close', (event) => this.closes.push(event));
    proxy.on('connection-rejected', (event) => this.rejections.push(event));
    proxy.on('request-completed', (event) => this.requests.push(event));
    proxy.on('upstream-error', (event) => this.upstreamErrors.push(event));
  }

  /**
   * Resolves when every connection is gone, to clients and to targets. The test's time-out bounds the wait within a test,
   * but nothing would behind it: one that is never counted as gone has to fail there too.
   */
  async settled(): Promise<void> {
    const { stats } = this.#proxy;
    for (let polls = 0; stats.getActiveConnections() > 0 || stats.getPoolStats().active > 0; polls += 1) {
      if (polls === POLLS_MAX) assert.fail('connections that are never counted as gone');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Every law, once nothing is active any more. */
  async assertLaws(): Promise<void> {
    await this.settled();
    const shot = this.#proxy.stats.snapshot();
    const { totals, routes } = shot;
    assert.equal(shot.activeConnections, 0);
    assert.equal(totals.connections, sum(Object.values(shot.terminationReasons)), 'every connection ended once');
    assert.equal(totals.connections, sum(Object.values(shot.connectionTypes)), 'every connection has one type');
    for (const key of ['total', 'active', 'requests', 'bytesIn', 'bytesOut'] as const) {
      const whole = key === 'total' ? totals.connections : key === 'active' ? 0 : totals[key];
      assert.equal(sum(routes.map((route) => route[key])), whole, `sum over routes of ${key}`);
    }
    assert.equal(totals.rejected, sum(Object.values(shot.rejectReasons)));
    const ids = (events: ReadonlyArray<{ connectionId: string }>): string[] =>
      events.map((event) => event.connectionId).sort();
    assert.deepEqual(ids(this.closes), ids(this.opens), 'one close per open');
    const unrouted = routes.find((route) => route.routeName === UNROUTED)!;
    assert.equal(sum(this.closes.map((event) => event.bytesIn)) + unrouted.bytesIn, totals.bytesIn);
    assert.equal(sum(this.closes.map((event) => event.bytesOut)) + unrouted.bytesOut, totals.bytesOut);
    assert.equal(sum(this.closes.map((event) => event.requests)), totals.requests);
    assert.equal(this.requests.length, totals.requests, 'one request-completed per request');
    for (const upstream of shot.upstreams) assert.equal(upstream.active, 0, `${upstream.target} has no active use`);
    assert.equal(sum(this.#proxy.stats.getConnectionsByIP().values()), 0, 'no address holds a connection');
  }
}
