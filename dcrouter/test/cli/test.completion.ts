// Completion scripts work in the real shells.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { toolVersion } from '../../../test/helpers/child.ts';
import { call } from './command.ts';

/** A machine may name a language that it does not have, and bash says so on stderr. */
const env = { ...process.env, LC_ALL: 'C' };

async function scriptFor(t: TestContext, shell: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-completion-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { code, out } = await call(['completion', shell]);
  assert.equal(code, 0);
  const file = join(folder, shell === 'zsh' ? '_dcrouter' : `dcrouter.${shell}`);
  writeFileSync(file, out);
  return file;
}

test('bash completes commands, options, choices and files', async (t) => {
  const file = await scriptFor(t, 'bash');
  const complete = (...words: string[]): string[] => {
    const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dcrouter; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script, file, ...words], {
      encoding: 'utf8',
      env,
      cwd: join(file, '..'),
    });
    assert.deepEqual([stderr, status], ['', 0]);
    return stdout.trim().split('\n');
  };
  assert.deepEqual(complete('dcrouter', 'ro'), ['rollback', 'routes']);
  assert.deepEqual(complete('dcrouter', 'routes', 're'), ['remove']);
  assert.deepEqual(complete('dcrouter', '--url', 'routes', 'upstreams', 'd'), ['drain', 'disable']);
  assert.deepEqual(complete('dcrouter', 'routes', 'add', '--dom'), ['--domain']);
  assert.deepEqual(complete('dcrouter', 'routes', 'list', '--js'), ['--json']);
  assert.deepEqual(complete('dcrouter', 'logs', '--level', 'w'), ['warn']);
  assert.deepEqual(complete('dcrouter', 'apply', 'dcr'), ['dcrouter.bash']);
  assert.deepEqual(complete('dcrouter', 'run', '--config', 'dcr'), ['dcrouter.bash']);
  const registered = spawnSync('bash', ['--norc', '-c', `source "$0"; complete -p dcrouter`, file], {
    encoding: 'utf8',
  });
  assert.match(registered.stdout, /-F _dcrouter dcrouter/);
});

test('zsh takes the script', async (t) => {
  if (toolVersion('zsh') === undefined) return t.skip('zsh is not installed');
  const file = await scriptFor(t, 'zsh');
  const checked = spawnSync('zsh', ['-f', '-n', file], { encoding: 'utf8' });
  assert.deepEqual([checked.stderr, checked.status], ['', 0]);
  const load = `fpath=("$1" $fpath); autoload -Uz compinit; compinit -u -D; autoload +X _dcrouter; print $_comps[dcrouter]`;
  const loaded = spawnSync('zsh', ['-f', '-c', load, 'zsh', join(file, '..')], { encoding: 'utf8' });
  assert.deepEqual([loaded.stderr, loaded.stdout.trim()], ['', '_dcrouter']);
});

test('fish completes', async (t) => {
  if (toolVersion('fish') === undefined) return t.skip('fish is not installed');
  const file = await scriptFor(t, 'fish');
  const complete = (line: string): string[] => {
    const run = spawnSync('fish', ['--no-config', '-c', `source ${file}; complete -C '${line}'`], { encoding: 'utf8' });
    assert.equal(run.stderr, '');
    return run.stdout
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0]!);
  };
  assert.deepEqual(complete('dcrouter routes re'), ['remove']);
  assert.deepEqual(complete('dcrouter --url x upstreams dr'), ['drain']);
  assert.deepEqual(complete('dcrouter logs --level w'), ['warn']);
});
