// Events and followed logs as Server-Sent Events: filtered, resumed, bounded, and free when nobody reads.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import { pino } from 'pino';
import { freePorts } from '../../../test/helpers/ports.ts';
import { ApiServer } from '../../ts/api/server.ts';
import type { IStreamOptions } from '../../ts/api/streams/streams.ts';
import { configSchema } from '../../ts/config/schema/index.ts';
import { EventBus } from '../../ts/events/bus.ts';
import { LogTail } from '../../ts/log/tail.ts';
import { asker } from './world.ts';

const LIMITS = { queueMessages: 50, queueChars: 100_000, heartbeatMs: 60_000 };

async function startApi(t: TestContext, streams: IStreamOptions = {}) {
  const [port] = (await freePorts(1)) as [number];
  const events = new EventBus();
  const tail = new LogTail();
  const config = configSchema.parse({ api: { port } });
  const nothing = (): null => null;
  const server = new ApiServer(
    {
      registry: new Registry(),
      logger: pino({ level: 'silent' }),
      events,
      tail,
      startedAtMs: 1_000_000,
      ready: () => true,
      stats: () => ({ proxy: null, dns: null }),
      addresses: () => ({}),
      config: () => config,
      control: nothing,
      store: nothing,
      proxy: nothing,
      dns: nothing,
      rules: nothing,
      health: nothing,
      resolve: nothing,
      history: nothing,
      lifeCycle: nothing,
    },
    { config: config.api, streams: { limits: LIMITS, lingerMs: 60_000, ...streams } },
  );
  await server.start();
  t.after(() => server.stop());
  return { server, events, tail, port, ask: asker(`http://127.0.0.1:${port}`) };
}

interface IMessage {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** A client that reads only when it is told to. */
class Reader {
  readonly socket: Socket;
  #text = '';

  constructor(port: number, path: string, headers: Record<string, string> = {}) {
    this.socket = connect(port, '127.0.0.1');
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`GET /api/v1/${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields.join('')}\r\n`);
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => {
      this.#text += text;
    });
    this.socket.on('error', () => {});
  }

  /** Every message that came, the chunk framing of HTTP taken off. */
  get messages(): IMessage[] {
    const body = this.#text.replace(/^[\s\S]*?\r\n\r\n/, '').replace(/\r?\n?[0-9a-f]+\r\n/g, '');
    return body
      .split('\n\n')
      .filter((block) => block.includes('data: '))
      .map(
        (block) =>
          Object.fromEntries(
            block.split('\n').map((line) =>
              line
                .trim()
                .split(/: (.*)/s)
                .slice(0, 2),
            ),
          ) as IMessage,
      );
  }

  get head(): string {
    return this.#text.split('\r\n\r\n')[0]!;
  }

  async until(met: (reader: this) => boolean): Promise<void> {
    while (!met(this)) await once(this.socket, 'data');
  }

  async opened(): Promise<void> {
    await this.until(() => this.#text.includes('retry: '));
  }
}

test('events come as they happen, those of the asked kinds only, and closing lets go of their source', async (t) => {
  const { events, port } = await startApi(t, { lingerMs: 0 });
  let attached = 0;
  const { promise: detached, resolve } = Promise.withResolvers<void>();
  let emit: (data: object) => void = () => {};
  events.addSource('dns.query-answered', (each) => {
    attached += 1;
    emit = each as typeof emit;
    return () => {
      attached -= 1;
      resolve();
    };
  });
  assert.equal(attached, 0);
  const reader = new Reader(port, 'events?kind=dns.*,config.applied');
  await reader.opened();
  assert.match(reader.head, /content-type: text\/event-stream/i);
  assert.equal(attached, 1);
  events.publish('proxy.connection-open', { n: 1 });
  emit({ domain: 'a.test' });
  events.publish('config.applied', { version: 2 });
  await reader.until(({ messages }) => messages.length === 2);
  assert.deepEqual(
    reader.messages.map(({ event, data }) => [event, (JSON.parse(data!) as { data: object }).data]),
    [
      ['dns.query-answered', { domain: 'a.test' }],
      ['config.applied', { version: 2 }],
    ],
  );
  reader.socket.destroy();
  await detached;
  assert.equal(attached, 0);
});

test('a client that comes back gets what it missed, in order and once; what is not kept any more is told', async (t) => {
  const { events, port } = await startApi(t);
  const first = new Reader(port, 'events?kind=rule.*');
  await first.opened();
  for (let n = 1; n <= 3; n += 1) events.publish('rule.hit', { n });
  await first.until(({ messages }) => messages.length === 3);
  const seen = first.messages[0]!.id!;
  first.socket.destroy();
  await once(first.socket, 'close');
  for (let n = 4; n <= 6; n += 1) events.publish('rule.hit', { n });
  const second = new Reader(port, 'events?kind=rule.*', { 'Last-Event-ID': seen });
  await second.until(({ messages }) => messages.length >= 5);
  events.publish('rule.hit', { n: 7 });
  await second.until(({ messages }) => messages.length >= 6);
  const numbers = (reader: Reader) =>
    reader.messages.map(({ event, data }) =>
      event === 'dropped' ? event : (JSON.parse(data!) as { data: { n: number } }).data.n,
    );
  assert.deepEqual(numbers(second), [2, 3, 4, 5, 6, 7]);
  // Beyond what is kept.
  for (let n = 8; n <= 1_200; n += 1) events.publish('rule.hit', { n });
  const third = new Reader(port, 'events?kind=rule.*', { 'Last-Event-ID': seen });
  await third.until(({ messages }) => messages.length > 0);
  assert.deepEqual(
    [third.messages[0]!.event, third.messages[0]!.data],
    ['dropped', '{"count":null,"reason":"not-kept"}'],
  );
  // Another run of the router, or nonsense.
  for (const id of ['abc-5', '5', '-', 'lfls-x']) {
    const reader = new Reader(port, 'events?kind=rule.*', { 'Last-Event-ID': id });
    await reader.until(({ messages }) => messages.length > 0);
    assert.equal(reader.messages[0]!.event, 'dropped', id);
    reader.socket.destroy();
  }
  second.socket.destroy();
  third.socket.destroy();
});

test('a slow client gets what fits, is told how much it missed, and then goes on; the queue never grows past its bound', async (t) => {
  const { server, events, port } = await startApi(t);
  const reader = new Reader(port, 'events?kind=rule.*');
  await reader.opened();
  reader.socket.pause();
  const filler = 'x'.repeat(10_000);
  let sent = 0;
  // Until the kernel's buffers and then the queue are full.
  while (server.context.streams.stats().dropped < 25) {
    events.publish('rule.hit', { n: (sent += 1), filler: sent % 2 === 0 ? filler : '' });
    if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const { dropped } = server.context.streams.stats();
  reader.socket.resume();
  await reader.until(({ messages }) => messages.some(({ event }) => event === 'dropped'));
  events.publish('rule.hit', { n: 'after' });
  await reader.until(({ messages }) => messages.at(-1)?.data?.includes('after') === true);
  const { messages } = reader;
  const at = messages.findIndex(({ event }) => event === 'dropped');
  assert.deepEqual(JSON.parse(messages[at]!.data!), { count: dropped, reason: 'slow-client' });
  const numbers = messages.slice(0, at).map(({ data }) => (JSON.parse(data!) as { data: { n: number } }).data.n);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
    'what came before is whole and in order',
  );
  assert.equal(numbers.length + dropped, sent, 'every event was delivered or counted');
  assert.equal(messages.length, at + 2);
  reader.socket.destroy();
});

test('a client that never reads costs its queue and no more, and its end frees it', async (t) => {
  const { server, events, port } = await startApi(t);
  const reader = new Reader(port, 'events?kind=rule.*');
  await reader.opened();
  reader.socket.pause();
  for (let n = 0; n < 20_000; n += 1) {
    events.publish('rule.hit', { n, filler: 'y'.repeat(2_000) });
    if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const stats = server.context.streams.stats();
  assert.ok(stats.dropped > 10_000, JSON.stringify(stats));
  reader.socket.destroy();
  while (server.context.streams.stats().open > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.context.streams.stats().dropped, stats.dropped, 'what was counted stays counted');
});

test('kinds that are none are refused', async (t) => {
  const { ask } = await startApi(t);
  for (const kind of ['', 'dns', 'DNS.x', 'a.b;c', Array.from({ length: 20 }, (_, n) => `a.k${n}`).join()]) {
    assert.equal((await ask('GET', `events?kind=${kind}`)).status, 400, kind);
  }
});

test('streams are bounded in number; the next is told so', async (t) => {
  const { server, port, ask } = await startApi(t);
  const readers = Array.from({ length: 64 }, () => new Reader(port, 'events?kind=rule.*'));
  for (const reader of readers) await reader.opened();
  const refused = await ask<{ code: string }>('GET', 'events');
  assert.deepEqual([refused.status, refused.body.code], [503, 'DCR_API_STREAMS']);
  assert.equal(server.context.streams.stats().refused, 1);
  readers[0]!.socket.destroy();
  while (server.context.streams.stats().open === 64) await new Promise((resolve) => setImmediate(resolve));
  const next = new Reader(port, 'events');
  await next.opened();
  for (const reader of [...readers, next]) reader.socket.destroy();
});

test('a quiet stream shows that it lives', async (t) => {
  const { port } = await startApi(t, { limits: { ...LIMITS, heartbeatMs: 5 } });
  const reader = new Reader(port, 'events?kind=rule.*');
  let text = '';
  reader.socket.on('data', (part: string) => {
    text += part;
  });
  await reader.until(() => text.split(': heartbeat').length > 3);
  reader.socket.destroy();
});

test('logs: the latest lines by level and text, then those that come', async (t) => {
  const { tail, ask, port } = await startApi(t);
  for (const [level, msg] of [
    ['info', 'one'],
    ['warn', 'two'],
    ['error', 'three'],
  ] as const)
    tail.write(`{"level":"${level}","time":"t","msg":"${msg}"}\n`);
  const lines = async (query: string) =>
    (await ask<{ items: Array<{ line: { msg: string } }> }>('GET', `logs?${query}`)).body.items.map(
      ({ line }) => line.msg,
    );
  assert.deepEqual(await lines(''), ['one', 'two', 'three']);
  assert.deepEqual(await lines('tail=1'), ['three']);
  assert.deepEqual(await lines('level=warn'), ['two', 'three']);
  assert.deepEqual(await lines('match=TWO'), ['two']);
  const reader = new Reader(port, 'logs?follow=true&tail=1&level=warn');
  await reader.opened();
  tail.write('{"level":"info","time":"t","msg":"unseen"}\n');
  tail.write('{"level":"warn","time":"t","msg":"four"}\n');
  await reader.until(({ messages }) => messages.length === 2);
  assert.deepEqual(
    reader.messages.map(({ data }) => (JSON.parse(data!) as { msg: string }).msg),
    ['three', 'four'],
  );
  assert.equal(tail.stats().followers, 1);
  reader.socket.destroy();
  while (tail.stats().followers > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('stopping ends every stream', async (t) => {
  const { server, port } = await startApi(t);
  const reader = new Reader(port, 'events');
  await reader.opened();
  const ended = once(reader.socket, 'close');
  reader.socket.resume();
  await server.stop();
  await ended;
});
