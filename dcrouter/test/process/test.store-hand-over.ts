import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeArgs, startProgram } from './program.ts';

test('the store has one owner through restarts, and comes back from a successor that fails', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const lock = join(folder, 'lock');
  const settings = join(folder, 'settings.json');
  const fail = (value: boolean): void => writeFileSync(settings, JSON.stringify({ fail: value }));
  fail(false);
  const args = [...nodeArgs.slice(0, -1), join(import.meta.dirname, 'store-subject.ts'), lock, settings];
  const program = startProgram(t, process.execPath, args);
  const events = (): string[] => {
    const names = new Map<string, string>();
    const name = (pid: string): string => {
      if (!names.has(pid)) names.set(pid, `p${names.size + 1}`);
      return names.get(pid)!;
    };
    return Array.from(program.output().matchAll(/^(OPENED|CLOSED|SERVES) (\d+)$/gm), ([, what, pid]) => {
      return `${what} ${name(pid!)}`;
    });
  };
  await program.saw(/^SERVES /m);
  // From the first process to its child, then, over the first one, to another child.
  for (const round of [2, 3]) {
    program.kill('SIGUSR1');
    await program.saw(new RegExp(`(^SERVES [^]*){${round}}`, 'm'));
    await program.saw(new RegExp(`(what was begun before the restart is finished[^]*){${round - 1}}`));
  }
  fail(true);
  program.kill('SIGUSR1');
  await program.saw(/no restart: the successor does not serve: it is told to fail with the store in its hands/);
  program.kill('SIGTERM');
  assert.equal(await program.ended, 0);
  assert.deepEqual(events(), [
    'OPENED p1',
    'SERVES p1',
    'CLOSED p1',
    'OPENED p2',
    'SERVES p2',
    'CLOSED p2',
    'OPENED p3',
    'SERVES p3',
    'CLOSED p3',
    'OPENED p4',
    'CLOSED p4',
    'OPENED p3',
    'CLOSED p3',
  ]);
  assert.ok(!existsSync(lock));
});
