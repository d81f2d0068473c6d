// `bin/dcrouter.js`: the built command for users, the sources for who works on them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const folder = join(import.meta.dirname, '../..');

function commandUnder(...conditions: readonly string[]): string {
  const script = "console.log(import.meta.resolve('#command'))";
  const { stdout, stderr } = spawnSync(process.execPath, [...conditions, '--input-type=module', '--eval', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return stdout.trim() || stderr;
}

test('the command is the built one, and under the condition of the sources needs no build', () => {
  const url = (path: string): string => pathToFileURL(join(folder, path)).href;
  assert.equal(commandUnder(), url('dist_ts/cli/main.js'));
  assert.equal(commandUnder('--conditions=dcrouter-source'), url('ts/cli/main.ts'));
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=dcrouter-source', join(folder, 'bin/dcrouter.js'), 'no-such-command'],
    { encoding: 'utf8' },
  );
  assert.deepEqual([status, /no-such-command/.test(stderr)], [2, true]);
});
