import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { MetricsAwareDns, type IStockDnsServer, type TStockHandler } from '@dcrouter/smartdns/wrap';

interface IRegistered {
  readonly pattern: string;
  readonly types: string[];
  readonly handler: TStockHandler;
}

/** Handles a query the way upstream 7.9 does; with `isolating`, a handler's failure leaves the others alone. */
class HandlingServer extends EventEmitter implements IStockDnsServer {
  readonly handlers: IRegistered[] = [];
  readonly #isolating: boolean;

  constructor(isolating: boolean) {
    super();
    this.#isolating = isolating;
  }

  registerHandler(pattern: string, types: string[], handler: TStockHandler): void {
    this.handlers.push({ pattern, types, handler });
  }

  query(name: string): void {
    const question = { name, type: 'A', class: 'IN' };
    let answered = false;
    for (const { pattern, handler } of this.handlers) {
      if (pattern !== name) continue;
      try {
        answered = handler(question) !== null || answered;
      } catch {
        if (!this.#isolating) return;
      }
    }
    this.emit('query', { questions: [question], answered, responseTimeMs: 0, timestamp: Date.now() });
  }
}

const good: TStockHandler = ({ name, type }) => ({ name, type, class: 'IN', ttl: 60, data: '192.0.2.1' });
const bad: TStockHandler = () => {
  throw new Error('broken on purpose');
};

for (const isolating of [false, true]) {
  test(`queries in one turn are counted once each, ${isolating ? 'isolating' : 'stock'} server`, async () => {
    const server = new HandlingServer(isolating);
    const dns = new MetricsAwareDns(server);
    const told: string[] = [];
    dns.on('query-answered', ({ domain, answers }) => told.push(`${domain} ${answers}`));
    dns.on('query-error', ({ reason, error }) => told.push(`${reason} ${error}`));
    server.registerHandler('good.test', ['A'], good);
    server.registerHandler('bad.test', ['A'], bad);
    for (const name of ['good.test', 'bad.test', 'bad.test', 'none.test', 'bad.test']) server.query(name);
    await Promise.resolve();
    const failed = ['handler broken on purpose', 'bad.test 0'];
    assert.deepEqual(told, ['good.test 1', ...failed, ...failed, 'none.test 0', ...failed]);
    assert.equal(dns.stats.getTotalQueries(), 5);
    assert.deepEqual(dns.stats.getErrors(), { handler: 3 });
    assert.deepEqual(dns.stats.getZoneStats(), [{ zone: 'good.test', queries: 1, rcodes: { unknown: 1 } }]);
  });
}

for (const isolating of [false, true]) {
  test(`answers beside a failure count when they are sent, ${isolating ? 'isolating' : 'stock'} server`, async () => {
    const server = new HandlingServer(isolating);
    const dns = new MetricsAwareDns(server);
    const answers: number[] = [];
    dns.on('query-answered', (event) => answers.push(event.answers));
    for (const handler of [good, bad]) server.registerHandler('both.test', ['A'], handler);
    server.query('both.test');
    await Promise.resolve();
    assert.deepEqual(answers, [isolating ? 1 : 0]);
  });
}

test('nothing is counted after unwrap, and registration is the server’s own again', () => {
  const server = new HandlingServer(false);
  const dns = new MetricsAwareDns(server);
  dns.unwrap();
  server.registerHandler('good.test', ['A'], good);
  server.query('good.test');
  assert.equal(server.handlers[0]!.handler, good);
  assert.equal(dns.stats.getTotalQueries(), 0);
});
