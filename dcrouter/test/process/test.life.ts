import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, DcRouter, validateConfig, parseConfigDocument } from '@dcrouter/dcrouter';
import { RestartError } from '../../ts/process/errors.ts';
import { Readiness } from '../../ts/process/readiness.ts';
import { signalActions, Signals } from '../../ts/process/signals.ts';
import { freePorts, nodeArgs, startProgram, writeConfig } from './program.ts';

// The test runner would write a report about the process at SIGUSR2.
process.report.reportOnSignal = false;

test('a signal does what was plugged into its action; what nobody plugged into is told', () => {
  const done: string[] = [];
  const signals = new Signals(
    (signal) => done.push(`${signal} at once`),
    (signal, action) => done.push(`${signal} without ${action}`),
  );
  signals.on('stop', (signal) => done.push(`${signal} stops`));
  const unplug = signals.on('reload', (signal) => done.push(`${signal} reloads`));
  const before = Object.keys(signalActions).map((signal) => process.listeners(signal).length);
  signals.listen();
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGINT'] as const) process.emit(signal, signal);
  unplug();
  process.emit('SIGHUP', 'SIGHUP');
  signals.close();
  assert.deepEqual(done, [
    'SIGHUP reloads',
    'SIGUSR1 without restart',
    'SIGUSR2 without reopen-logs',
    'SIGTERM stops',
    // The second signal to stop came within the time in which a terminal and a parent may both send the first one.
    'SIGHUP without reload',
  ]);
  assert.deepEqual(
    Object.keys(signalActions).map((signal) => process.listeners(signal).length),
    before,
  );
});

test('a later second signal to stop ends the process at once', (t) => {
  t.mock.method(performance, 'now', () => clock);
  let clock = 0;
  let atOnce = 0;
  const signals = new Signals(
    () => {
      atOnce += 1;
    },
    () => {},
  );
  signals.on('stop', () => {});
  signals.listen();
  process.emit('SIGTERM', 'SIGTERM');
  clock = 999;
  process.emit('SIGTERM', 'SIGTERM');
  assert.equal(atOnce, 0);
  clock = 1_000;
  process.emit('SIGTERM', 'SIGTERM');
  signals.close();
  assert.equal(atOnce, 1);
});

test('readiness tells its changes once; a loop that turns is live', async () => {
  const readiness = new Readiness();
  const seen: string[] = [];
  const forget = readiness.onChange((state) => seen.push(state));
  for (const state of ['starting', 'starting', 'ready', 'draining'] as const) readiness.set(state);
  assert.equal(readiness.ready, false);
  forget();
  readiness.set('stopped');
  assert.deepEqual(seen, ['starting', 'ready', 'draining']);
  assert.equal((await readiness.liveness()).live, true);
  const asked = readiness.liveness(5);
  const end = performance.now() + 20;
  while (performance.now() < end);
  assert.deepEqual(await asked, { live: false, turnMs: 5 });
});

async function routerWithDelay(drainDelayMs: number): Promise<{ router: DcRouter; http: number; api: number }> {
  const [http, api] = (await freePorts(2)) as [number, number];
  const text = JSON.stringify({
    api: { port: api },
    process: { drainDelayMs },
    proxy: {
      address: '127.0.0.1',
      routes: [
        {
          name: 'a',
          match: { ports: http, protocol: 'http' },
          action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }] },
        },
      ],
    },
  });
  const config = validateConfig(parseConfigDocument('test.json', text, {}));
  const router = new DcRouter(config, { logger: createLogger({ level: 'silent', format: 'json' }) });
  await router.start();
  return { router, http, api };
}

test('a router that drains says that it is not ready first, and listens on until the delay is over', async () => {
  const { router, http, api } = await routerWithDelay(600_000);
  const status = async (port: number, path: string): Promise<number> => {
    const outgoing = request({ host: '127.0.0.1', port, path, agent: false });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    return response.statusCode;
  };
  assert.equal(await status(api, '/readyz'), 200);
  const stopped = router.stop();
  assert.equal(router.readiness.state, 'draining');
  assert.equal(await status(api, '/readyz'), 503);
  assert.equal(await status(api, '/livez'), 200, 'draining is no illness');
  assert.equal(await status(http, '/'), 502, 'the proxy still serves');
  // A second call ends the wait.
  await router.stop();
  await stopped;
  assert.equal(router.readiness.state, 'stopped');
  await assert.rejects(status(http, '/'), { code: 'ECONNREFUSED' });
});

test('a router that is part of another program cannot restart that', async () => {
  const { router } = await routerWithDelay(0);
  await assert.rejects(router.restart(), (error) => {
    assert.ok(error instanceof RestartError);
    assert.equal(error.code, 'DCR_RESTART_UNSUPPORTED');
    return true;
  });
  await router.stop();
});

test('SIGUSR1 restarts and opens no debugger; a port that another holds ends with exit code 1', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const busy = startProgram(t, process.execPath, [
    ...nodeArgs,
    writeConfig(t, { api: { port: (holder.address() as AddressInfo).port } }),
  ]);
  assert.equal(await busy.ended, 1);
  const [api] = (await freePorts(1)) as [number];
  const program = startProgram(t, process.execPath, [...nodeArgs, writeConfig(t, { api: { port: api } })]);
  await program.saw(/^SERVES /m);
  program.kill('SIGUSR1');
  await program.saw(/what was begun before the restart is finished/);
  program.kill('SIGHUP');
  await program.saw(/reading the configuration again/);
  assert.doesNotMatch(program.output(), /Debugger/);
  program.kill('SIGINT');
  assert.equal(await program.ended, 0);
});

const missing = ['systemd-notify', 'python3'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);

test(
  'systemd hears of readiness, restarts, the watchdog and the end',
  {
    skip: missing.length > 0 ? `there is no ${missing.join(' and no ')} here` : false,
  },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'dcrouter-notify-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'notify');
    const systemd = startProgram(t, 'python3', [join(import.meta.dirname, 'notify-socket.py'), path]);
    await systemd.saw(/^BOUND/m);
    const [api] = (await freePorts(1)) as [number];
    const program = startProgram(t, process.execPath, [...nodeArgs, writeConfig(t, { api: { port: api } })], {
      env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '100000' },
    });
    await systemd.saw(/^READY=1 STATUS=serving$/m);
    await systemd.saw(/^WATCHDOG=1$/m);
    await program.saw(/^SERVES /m);
    program.kill('SIGUSR1');
    await systemd.saw(/(READY=1 STATUS=serving[^]*){2}/);
    await program.saw(/what was begun before the restart is finished/);
    const before = systemd.output().length;
    // The successor feeds the watchdog now.
    while (!systemd.output().slice(before).includes('WATCHDOG=1'))
      await new Promise((resolve) => setImmediate(resolve));
    program.kill('SIGTERM');
    await systemd.saw(/^STOPPING=1$/m);
    assert.equal(await program.ended, 0);
  },
);
