// Followed logs and events: lines as they come, until the user or the number ends them, and over a lost stream.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startChild } from '../../../test/helpers/child.ts';
import { freePorts } from '../../../test/helpers/ports.ts';
import { RouterProcess } from '../../ts/process/router-process.ts';
import { startWorld } from '../api/world.ts';
import { call, entry, flags } from './command.ts';

/** A router that writes its lines to a file. */
async function startLogging(
  t: TestContext,
): Promise<{ readonly url: string; readonly router: RouterProcess['router'] }> {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-cli-'));
  const [port] = await freePorts(1);
  const file = join(folder, 'router.yaml');
  writeFileSync(file, `api: { port: ${port} }\nlogging: { file: ${join(folder, 'log')} }\n`);
  const running = await RouterProcess.start(file);
  t.after(async () => {
    await running.stop();
    rmSync(folder, { recursive: true });
  });
  return { url: `http://127.0.0.1:${port}`, router: running.router };
}

test('logs are filtered, shown and followed; Ctrl-C ends in order', async (t) => {
  const { url, router } = await startLogging(t);
  router.logger.warn({ part: 'test' }, 'first warning');
  const shown = await call(['logs', '--level', 'warn', '--match', 'FIRST'], { url });
  assert.match(shown.out, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d warn  first warning  part=test\n$/);

  const child = startChild(process.execPath, [
    ...flags,
    entry,
    'logs',
    '-f',
    '--json',
    '--match',
    'warning',
    '--url',
    url,
  ]);
  t.after(async () => {
    child.signalGroup('SIGKILL');
    await child.ended;
  });
  await child.saw(/first warning/);
  router.logger.warn('second warning');
  await child.saw(/second warning/);
  child.process.kill('SIGINT');
  assert.equal(await child.ended, 0);
  const lines = child.output().trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['first warning', 'second warning'],
  );
});

test('events are lines of their kinds and end after --count', async (t) => {
  const { base: url, process } = await startWorld(t);
  const events = call(['events', '-f', '--kind', 'config.*', '--count', '2', '--json'], { url });
  // The command listens as soon as the bus has a listener for the kind.
  while (process.router.events.stats().listeners === 0) await new Promise((resolve) => setImmediate(resolve));
  for (const state of ['drain', 'ready']) {
    const changed = await call(['upstreams', state, '127.0.0.1:9'], { url });
    assert.equal(changed.code, 0, changed.err);
  }
  const { code, out } = await events;
  const kinds = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { kind: string }).kind);
  assert.deepEqual([code, kinds], [0, ['config.applied', 'config.applied']]);
  assert.match(
    (await call(['events', '--kind', 'Nonsense'], { url })).err,
    /^dcrouter: kind: 'Nonsense' is no kind.*\(DCR_API_INVALID\)\n$/,
  );
});

test('a stream that breaks goes on behind its last message; lost messages are told', async (t) => {
  const lastIds: Array<string | undefined> = [];
  const server = createServer((request, response) => {
    lastIds.push(request.headers['last-event-id'] as string | undefined);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const message = (id: number): string =>
      `id: 1-${id}\nevent: a.b\ndata: {"atMs":0,"kind":"a.b","data":{"n":${id}}}\n\n`;
    if (lastIds.length > 1) response.end(`event: dropped\ndata: {"count":3}\n\n${message(2)}`);
    // In the middle of the next message.
    else response.write(`: heartbeat\n\n${message(1)}id: 1-`, () => response.destroy());
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const run = await call(['events', '--count', '2'], { url: `http://127.0.0.1:${port}` });
  assert.deepEqual([run.code, lastIds], [0, [undefined, '1-1']]);
  assert.match(run.out, /^1970-01-01 00:00:00 a\.b {2}\{"n":1\}\n.* a\.b {2}\{"n":2\}\n$/);
  assert.equal(run.err, 'dcrouter: 3 messages were lost here\n');
});
