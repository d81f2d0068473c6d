import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LogOutput, outputCounts } from '../../ts/log/output.ts';
import { temporaryFolder } from './tools.ts';

test('lines stand in the file in their order, all of them', async (t) => {
  const file = join(temporaryFolder(t), 'router.log');
  const output = new LogOutput(file);
  const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n} ${'é'.repeat(n % 40)}\n`);
  for (const line of lines) output.write(line);
  await output.close();
  assert.equal(readFileSync(file, 'utf8'), lines.join(''));
  assert.deepEqual(output.stats(), { written: 20_000, dropped: 0, failures: 0, waiting: 0 });
});

test('rotation under load: every line is in the old file or in the new one, once', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'access.log');
  const output = new LogOutput(file);
  const written: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    for (let n = 0; n < 2_000; n += 1) {
      const line = `${round}-${n} ${'x'.repeat(200)}\n`;
      written.push(line);
      output.write(line);
    }
    renameSync(file, join(folder, `access.log.${round}`));
    const reopened = output.reopen();
    output.write(`between ${round}\n`);
    written.push(`between ${round}\n`);
    await reopened;
    assert.ok(existsSync(file), 'the new file is there');
  }
  await output.close();
  const kept = [0, 1, 2, 3, 4].map((round) => readFileSync(join(folder, `access.log.${round}`), 'utf8'));
  kept.push(readFileSync(file, 'utf8'));
  assert.ok(kept.every((text) => text.length > 0));
  assert.equal(kept.join(''), written.join(''));
});

test('a destination that takes nothing costs lines, which are counted, and never more memory than allowed', async (t) => {
  const fifo = join(temporaryFolder(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  // A reader that does not read: the pipe is full after 64 KB.
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const output = new LogOutput(fifo, outputCounts(), 100_000);
  const line = `${'y'.repeat(999)}\n`;
  for (let n = 0; n < 1_000; n += 1) output.write(line);
  const { dropped, waiting, written } = output.stats();
  assert.ok(dropped >= 700 && dropped < 1_000, `${dropped} dropped`);
  assert.equal(written + waiting + dropped, 1_000, 'every line is accounted for');
  closeSync(reader);
  await output.close();
  const after = output.stats();
  assert.equal(after.written + after.dropped, 1_000);
  assert.ok(after.failures > 0, 'the broken pipe is counted');
});

test('a file that cannot be opened is an error at open, and counted lines afterwards', async (t) => {
  const folder = temporaryFolder(t);
  const output = new LogOutput(join(folder, 'missing', 'router.log'));
  assert.throws(() => output.open(), { code: 'ENOENT' });
  output.write('lost\n');
  assert.deepEqual(output.stats(), { written: 0, dropped: 1, failures: 1, waiting: 0 });
  await output.close();
});

test('the old file serves on when the new one cannot be opened', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'router.log');
  const output = new LogOutput(file);
  output.write('before\n');
  await output.flushed();
  const moved = `${folder}-moved`;
  renameSync(folder, moved);
  t.after(() => rmSync(moved, { recursive: true, force: true }));
  await assert.rejects(output.reopen(), { code: 'ENOENT' });
  output.write('after\n');
  await output.close();
  assert.equal(readFileSync(join(moved, 'router.log'), 'utf8'), 'before\nafter\n');
});

test('what waits when the process ends is written', (t) => {
  const file = join(temporaryFolder(t), 'router.log');
  const script = `
    import { LogOutput } from ${JSON.stringify(join(import.meta.dirname, '../../ts/log/output.ts'))};
    const output = new LogOutput(${JSON.stringify(file)});
    output.open();
    for (let n = 0; n < 100; n += 1) output.write('line ' + n + '\\n');
    process.exit(0);
  `;
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]);
  // A write that was under way may stand there twice.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  assert.deepEqual(
    [...new Set(lines)],
    Array.from({ length: 100 }, (_, n) => `line ${n}`),
  );
});
