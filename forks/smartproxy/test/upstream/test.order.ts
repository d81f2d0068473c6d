// The order in which the addresses of a name are tried.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderDestinations, type IOrderFacts } from '#proxy/upstream/order';
import { UpstreamStates } from '#proxy/upstream/states';
import { seededRandom } from '../helpers/random.ts';

const facts = (more: Partial<IOrderFacts> = {}): IOrderFacts => ({
  port: 0,
  states: new UpstreamStates(),
  failedLately: () => false,
  random: Math.random,
  turn: 0,
  ...more,
});
const server = (name: string, priority: number, weight: number) => ({
  name: `${name}.test`,
  addresses: [`192.0.2.${name.charCodeAt(0)}`],
  port: 80,
  priority,
  weight,
});
const names = (order: ReturnType<typeof orderDestinations>): string[] => order.map(({ name }) => name);

test('SRV: the lowest priority first, within it shares by weight (RFC 2782)', () => {
  const endpoints = [server('a', 10, 60), server('b', 10, 30), server('c', 10, 10), server('z', 20, 100)];
  const random = seededRandom(7);
  const first = new Map<string, number>();
  const rounds = 20_000;
  for (let round = 0; round < rounds; round += 1) {
    const order = names(orderDestinations(endpoints, facts({ random })));
    assert.equal(order.at(-1), '192.0.2.122:80');
    assert.equal(new Set(order).size, 4);
    first.set(order[0]!, (first.get(order[0]!) ?? 0) + 1);
  }
  for (const [destination, share] of [
    ['192.0.2.97:80', 0.6],
    ['192.0.2.98:80', 0.3],
    ['192.0.2.99:80', 0.1],
  ] as const) {
    const seen = (first.get(destination) ?? 0) / rounds;
    assert.ok(Math.abs(seen - share) < 0.015, `${destination}: ${seen} instead of ${share}`);
  }
});

test('SRV: weight 0 is drawn rarely, a weight set at run time wins over the record', () => {
  const endpoints = [server('a', 10, 0), server('b', 10, 50)];
  const random = seededRandom(3);
  const states = new UpstreamStates();
  const count = (): number => {
    let drawn = 0;
    for (let round = 0; round < 5_000; round += 1) {
      if (names(orderDestinations(endpoints, facts({ random, states })))[0] === '192.0.2.97:80') drawn += 1;
    }
    return drawn;
  };
  const rarely = count();
  assert.ok(rarely > 0 && rarely < 250, String(rarely));
  states.change('a.test:80', { weight: 50 });
  const often = count();
  assert.ok(often > 2_250 && often < 2_750, String(often));
});

test('families alternate, beginning with the preferred one; addresses of a family take turns (RFC 8305 §4)', () => {
  const endpoints = [
    { name: 'a.test', addresses: ['2001:db8::1', '2001:db8::2', '192.0.2.1'], port: 0, priority: 0, weight: 0 },
  ];
  const order = (turn: number): string[] => names(orderDestinations(endpoints, facts({ port: 443, turn })));
  assert.deepEqual(order(0), ['[2001:db8::1]:443', '192.0.2.1:443', '[2001:db8::2]:443']);
  assert.deepEqual(order(1), ['[2001:db8::2]:443', '192.0.2.1:443', '[2001:db8::1]:443']);
});

test('what failed just now is tried later, what is not healthy last, what is taken out never', () => {
  const endpoints = [
    {
      name: 'a.test',
      addresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'],
      port: 0,
      priority: 0,
      weight: 0,
    },
  ];
  const states = new UpstreamStates();
  states.changeHealth('192.0.2.1:80', false, 'refused');
  states.change('192.0.2.2:80', { state: 'drain' });
  const failedLately = (destination: string): boolean => destination === '192.0.2.3:80';
  const order = names(orderDestinations(endpoints, facts({ port: 80, states, failedLately })));
  assert.deepEqual(order, ['192.0.2.4:80', '192.0.2.3:80', '192.0.2.1:80']);
});
