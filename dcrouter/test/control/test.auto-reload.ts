import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { ConfigError } from '../../ts/config/error.ts';
import { AutoReload } from '../../ts/control/auto-reload.ts';
import { readFileState } from '../../ts/control/file.ts';
import { RETRY_FIRST_MS, WATCH_LONGEST_MS, WATCH_QUIET_MS } from '../../ts/control/limits.ts';
import { Reporter } from '../../ts/control/report.ts';
import type { IApplied } from '../../ts/control/types.ts';
import { FolderWatch } from '../../ts/control/watch.ts';
import { EventBus } from '../../ts/events/bus.ts';
import { StoreUnavailableError } from '../../ts/store/errors.ts';
import { HandClock } from './hand-clock.ts';
import { folderOf } from './node.ts';

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A watched file, and a control plane that only counts. */
async function start(t: TestContext) {
  const file = join(await folderOf(t), 'router.yaml');
  await writeFile(file, 'node: { name: first }');
  const clock = new HandClock();
  const seen = { reads: 0, reloads: 0 };
  const state = { refuse: undefined as Error | undefined };
  const control = {
    reload: async (): Promise<IApplied> => {
      seen.reloads += 1;
      if (state.refuse !== undefined) throw state.refuse;
      return {} as IApplied;
    },
  };
  const report = new Reporter(new EventBus(), pino({ level: 'silent' }), clock);
  const read = async () => {
    try {
      return await readFileState(file, {});
    } finally {
      seen.reads += 1;
    }
  };
  const watch = new AutoReload({ control, clock, report, read }, await readFileState(file, {}));
  t.after(() => watch.stop());
  await watch.start([file]);
  await until(() => seen.reads === 1);
  /** Writes, lets things become quiet, and waits until the file has been looked at. */
  const write = async (text: string, to = file): Promise<void> => {
    const { reads } = seen;
    await writeFile(to, text);
    await until(() => clock.waiting > 0);
    clock.advance(WATCH_QUIET_MS);
    await until(() => seen.reads > reads);
  };
  return { file, clock, seen, state, report, write };
}

test('a file that says something else is applied, one that says the same is not', async (t) => {
  const { seen, write } = await start(t);
  await write('node: { name: second }');
  await until(() => seen.reloads === 1);
  await write('node: { name: second }');
  await write('node: { name: third }');
  await until(() => seen.reloads === 2);
});

test('a bad content is tried once, and again when it comes back after a good one', async (t) => {
  const { seen, state, write } = await start(t);
  state.refuse = new ConfigError([{ file: 'x', path: '', message: 'bad' }]);
  await write('node: { name: bad }');
  await until(() => seen.reloads === 1);
  await write('node: { name: bad }');
  await write('node: { name: worse }');
  await until(() => seen.reloads === 2);
  state.refuse = undefined;
  await write('node: { name: good }');
  await until(() => seen.reloads === 3);
  await write('node: { name: bad }');
  await until(() => seen.reloads === 4);
});

test('a change of a file that is included is a change of the file', async (t) => {
  const { file, seen, write } = await start(t);
  const included = join(dirname(file), 'more.yaml');
  await writeFile(included, 'logging: { level: info }');
  await write('include: more.yaml');
  await until(() => seen.reloads === 1);
  await write('logging: { level: warn }', included);
  await until(() => seen.reloads === 2);
});

test('a file that cannot be read is told once', async (t) => {
  const { report, seen, write } = await start(t);
  await write('include: missing.yaml');
  await until(() => report.counters.changes.file.refused === 1);
  await write('include: missing.yaml');
  await write('node: { name: good }');
  await until(() => seen.reloads === 1);
  assert.equal(report.counters.changes.file.refused, 1);
});

test('a store that is away is no fault of the file: it is tried again by itself', async (t) => {
  const { clock, seen, state, write } = await start(t);
  state.refuse = new StoreUnavailableError('away');
  await write('node: { name: second }');
  await until(() => seen.reloads === 1);
  state.refuse = undefined;
  await until(() => {
    if (clock.waiting > 0) clock.advance(RETRY_FIRST_MS);
    return seen.reloads === 2;
  });
});

test('changes that do not end put the reading off for a bounded time only', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'router.yaml');
  const clock = new HandClock();
  const seen = { changed: 0 };
  const watch = new FolderWatch({
    clock,
    changed: () => {
      seen.changed += 1;
    },
    failed: (folder) => assert.fail(folder),
  });
  t.after(() => watch.stop());
  await watch.follow([file]);
  for (let step = 0; seen.changed === 0; step += 1) {
    assert.ok(step * (WATCH_QUIET_MS / 2) <= WATCH_LONGEST_MS + WATCH_QUIET_MS, 'put off for too long');
    await writeFile(file, `# ${step}`);
    await until(() => clock.waiting > 0);
    // Let what the write told come, so that each step puts the reading off.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(WATCH_QUIET_MS / 2);
  }
});

test('a folder that cannot be watched is told', async (t) => {
  const failed: string[] = [];
  const watch = new FolderWatch({
    clock: new HandClock(),
    changed: assert.fail,
    failed: (folder) => failed.push(folder),
  });
  t.after(() => watch.stop());
  const folder = join(await folderOf(t), 'none');
  await watch.follow([join(folder, 'router.yaml')]);
  assert.deepEqual(failed, [folder]);
});
