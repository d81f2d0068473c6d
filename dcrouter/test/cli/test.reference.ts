// docs/cli.md is what the command does: its reference is made from it, its examples run, its codes are those there are.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';
import { startWorld } from '../api/world.ts';
import { entry, flags } from './command.ts';
import { page, withReference } from './reference.ts';

test('the reference is the one that the command makes; UPDATE_DOCS=1 writes it anew', () => {
  const made = withReference();
  if (process.env.UPDATE_DOCS === '1') writeFileSync(page, made);
  assert.equal(readFileSync(page, 'utf8'), made);
});

test('the codes of the page are those of the command', () => {
  const folder = new URL('../../ts/cli/', import.meta.url).pathname;
  const used = new Set<string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    for (const [code] of readFileSync(join(folder, file), 'utf8').matchAll(/\bDCR_CLI_[A-Z_]+\b/g)) used.add(code);
  }
  const told = [...readFileSync(page, 'utf8').matchAll(/^\| `(DCR_CLI_[A-Z_]+)`/gm)].map(([, code]) => code!);
  assert.deepEqual(told.sort(), [...used].sort());
});

test('every example runs', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { base, file, proxyPort } = await startWorld(t, {
    more: `store: { type: sqlite, path: ${join(folder, 'a.db')} }\n`,
  });
  copyFileSync(file, join(folder, 'router.yaml'));
  const examples = [...readFileSync(page, 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, script]) => script!);
  assert.ok(examples.length >= 8);
  const command = [process.execPath, ...flags, entry].map((word) => `'${word}'`).join(' ');
  for (const example of examples) {
    const script = `set -euo pipefail\ndcrouter() { ${command} "$@"; }\n${example.replaceAll('18080', String(proxyPort))}`;
    const child = spawn('bash', ['-c', script], {
      cwd: folder,
      env: { ...process.env, DCROUTER_URL: base, DCROUTER_TOKEN: '' },
    });
    const [out, err, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close')]);
    assert.equal(code, 0, `${example}\n${out}\n${err}`);
  }
});
