// top: the numbers are those of the API; drawn in place on a terminal, with keys.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { main } from '../../ts/cli/main.ts';
import type { IIo, IInput } from '../../ts/cli/io.ts';
import { startWorld, type IWorld } from '../api/world.ts';
import { call, spawned } from './command.ts';

interface ISnapshot {
  readonly proxy: {
    readonly activeConnections: number;
    readonly totals: { readonly connections: number; readonly requests: number };
    readonly routes: ReadonlyArray<{ readonly routeName: string; readonly requests: number; readonly active: number }>;
  };
  readonly dns: { readonly totals: { readonly received: number } };
}

/** An open connection after one exchange. */
async function exchange(t: { after(work: () => void): void }, { proxyPort }: IWorld): Promise<void> {
  const socket = connect(proxyPort, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: shop.example.test\r\n\r\n');
  await once(socket, 'data');
}

test('one picture shows the numbers that the API counts', async (t) => {
  const world = await startWorld(t);
  await exchange(t, world);
  await exchange(t, world);
  const { body } = await world.ask<ISnapshot>('GET', 'stats');
  const { proxy, dns } = body;
  assert.deepEqual([proxy.activeConnections, proxy.totals.requests], [2, 2]);
  const { code, out } = await spawned(['top', '--once'], world.base);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`^proxy: 2 open of ${proxy.totals.connections}, 2 requests, `, 'm'));
  assert.match(out, new RegExp(`^dns: ${dns.totals.received} queries, `, 'm'));
  assert.match(out, /^shop +2 +2 +2 /m);
  assert.match(out, new RegExp(`^127\\.0\\.0\\.1:${world.backendPort} +ready +yes `, 'm'));
  assert.match(out, /^connections \(2 open, oldest first\)\nid /m);
  for (const [view, expected] of [
    ['connections', /127\.0\.0\.1 \d+ +shop\.example\.test/],
    ['routes', /^shop +2 +2 +2/m],
    ['upstreams', /^127\.0\.0\.1:\d+ +ready/m],
    ['dns', /^dns \(types: none\)$/m],
  ] as const) {
    assert.match((await call(['top', '--once', '--view', view], { url: world.base })).out, expected, view);
  }
  const frames = await call(['top', '--count', '2', '--interval', '100ms', '--json'], { url: world.base });
  const shown = frames.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { stats: ISnapshot });
  assert.deepEqual(
    shown.map(({ stats }) => stats.proxy.activeConnections),
    [2, 2],
  );
});

/** A keyboard and a screen. */
function terminal(url: string) {
  const keys = new EventEmitter();
  let screen = '';
  let raw = false;
  const watchers = new Set<() => void>();
  const input = Object.assign(keys, {
    isTTY: true,
    setRawMode: (value: boolean) => (raw = value),
    resume: () => undefined,
    pause: () => undefined,
  }) as unknown as IInput;
  const io: IIo = {
    out: {
      isTTY: true,
      columns: 120,
      rows: 30,
      write: (text) => {
        screen += String(text);
        for (const watcher of watchers) watcher();
        return true;
      },
      once: () => undefined,
      removeListener: () => undefined,
    },
    err: { write: () => true, once: () => undefined, removeListener: () => undefined },
    in: input,
    env: { DCROUTER_URL: url },
    interrupted: () => new AbortController().signal,
  };
  const saw = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!pattern.test(screen)) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  return { io, saw, press: (key: string) => keys.emit('data', key), screen: () => screen, raw: () => raw };
}

test('on a terminal it draws in place, keys switch views, q leaves the terminal as it was', async (t) => {
  const { base } = await startWorld(t);
  const { io, saw, press, screen, raw } = terminal(base);
  // So long that only keys draw anew.
  const running = main(['top', '--interval', '1h'], io);
  await saw(/\[1 overview\]/);
  assert.ok(raw());
  press('2');
  await saw(/\[2 connections\]/);
  press('\t');
  await saw(/\[3 routes\]/);
  press('\u001b[Z');
  await saw(/\[3 routes\][^]*\[2 connections\]/);
  press('q');
  assert.equal(await running, 0);
  assert.ok(!raw());
  assert.ok(screen().startsWith('\u001b[?1049h\u001b[?25l\u001b[H'));
  assert.ok(screen().endsWith('\u001b[?25h\u001b[?1049l'));
});
