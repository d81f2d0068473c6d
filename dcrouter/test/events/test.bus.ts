import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventBus } from '../../ts/events/bus.ts';
import type { IRouterEvent } from '../../ts/events/types.ts';

test('a source is attached for the first listener and let go after the last', () => {
  const bus = new EventBus();
  const calls: string[] = [];
  let emit: (data: Record<string, unknown>) => void = () => {};
  bus.addSource('proxy.listening', (give) => {
    calls.push('on');
    emit = give;
    return () => calls.push('off');
  });
  const got: IRouterEvent[] = [];
  const first = bus.subscribe(['proxy.*'], (event) => got.push(event));
  const second = bus.subscribe(['*'], (event) => got.push(event));
  assert.deepEqual(calls, ['on']);
  emit({ ports: [1] });
  first();
  assert.deepEqual(calls, ['on']);
  second();
  assert.deepEqual(calls, ['on', 'off']);
  assert.deepEqual(
    got.map(({ id, kind, data }) => [id, kind, data]),
    [
      [1, 'proxy.listening', { ports: [1] }],
      [1, 'proxy.listening', { ports: [1] }],
    ],
  );
  assert.deepEqual(bus.stats(), { listeners: 0, delivered: { 'proxy.listening': 1 } });
});

test('observables listen while they are subscribed to, kinds that come later included', () => {
  const bus = new EventBus();
  const kinds: string[] = [];
  const subscription = bus.observe('config.*').subscribe(({ kind }) => kinds.push(kind));
  bus.publish('config.applied', {});
  bus.publish('health.changed', {});
  subscription.unsubscribe();
  bus.publish('config.applied', {});
  assert.deepEqual(kinds, ['config.applied']);
  assert.equal(bus.stats().listeners, 0);
});
