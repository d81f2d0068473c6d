import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** Runs a script in a process of its own; what it prints last is its counters. */
function run(body: string): { status: number | null; out: string; err: string } {
  const script = `
    import { defaultMetrics, Registry } from '@dcrouter/metrics';
    const registry = new Registry();
    const stop = defaultMetrics(registry);
    const show = () => {
      const value = (name) => registry.get(name)?.labels().value;
      console.log(JSON.stringify([value('nodejs_uncaught_exceptions_total'), value('nodejs_unhandled_rejections_total')]));
    };
    ${body}`;
  const args = [
    ...process.execArgv.filter((arg) => !arg.startsWith('--test')),
    '--input-type=module',
    '--eval',
    script,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: import.meta.dirname });
  return { status, out: stdout.trim(), err: stderr };
}

test('an uncaught exception is counted and still ends the process', () => {
  const { status, out, err } = run(`process.on('exit', show); setTimeout(() => { throw new Error('boom'); }, 1);`);
  assert.equal(out, '[1,0]');
  assert.equal(status, 1);
  assert.match(err, /boom/);
});

test('an unhandled rejection is counted and still ends the process', () => {
  const { status, out, err } = run(`process.on('exit', show); Promise.reject(new Error('boom'));`);
  assert.equal(out, '[0,1]');
  assert.equal(status, 1);
  assert.match(err, /boom/);
});

test("with the application's own handlers both are counted once, and the process goes on", () => {
  const { status, out } = run(`
    process.on('uncaughtException', () => {});
    process.on('unhandledRejection', () => {});
    Promise.reject(new Error('one'));
    setTimeout(() => { setTimeout(show, 1); throw new Error('two'); }, 1);`);
  assert.equal(out, '[1,1]');
  assert.equal(status, 0);
});

test("when the application's handler goes, rejections end the process again", () => {
  const { status, out } = run(`
    const handler = () => {};
    process.on('unhandledRejection', handler);
    process.on('unhandledRejection', handler);
    process.off('unhandledRejection', handler);
    process.off('unhandledRejection', handler);
    process.on('exit', show);
    Promise.reject(new Error('boom'));`);
  assert.equal(out, '[0,1]');
  assert.equal(status, 1);
});

test('a handler that was there before counts too, and stopping leaves no listener behind', () => {
  const { status, out } = run(`
    stop();
    const before = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    process.on('unhandledRejection', () => {});
    const again = defaultMetrics(registry);
    Promise.reject(new Error('one'));
    setTimeout(() => {
      show();
      again();
      process.removeAllListeners('unhandledRejection');
      console.log(JSON.stringify(process.eventNames().map((name) => [name, process.listenerCount(name)])) === JSON.stringify(before));
    }, 1);`);
  assert.equal(out, '[0,1]\ntrue');
  assert.equal(status, 0);
});
