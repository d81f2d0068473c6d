import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChild } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const snippets = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);

/** Runs a snippet as a reader would, but for its fixed port, until its last line has printed. */
async function runSnippet(code: string, fixedPort: string, printed: RegExp): Promise<void> {
  const [port] = await freePorts(1);
  assert.ok(code.includes(fixedPort), `the snippet uses port ${fixedPort}`);
  // Beside this file, so that it finds the packages that this folder depends on.
  const folder = await mkdtemp(join(import.meta.dirname, '.snippet-'));
  const file = join(folder, 'snippet.ts');
  await writeFile(file, code.replaceAll(fixedPort, String(port)));
  const child = startChild(process.execPath, ['--conditions=dcrouter-source', file], { cwd: import.meta.dirname });
  try {
    await child.saw(printed);
  } finally {
    child.signalGroup('SIGKILL');
    await child.ended;
    await rm(folder, { recursive: true });
  }
}

test('the README has one library example for each fork', () => {
  assert.equal(snippets.length, 2);
  for (const code of snippets) assert.ok(code.trim().split('\n').length <= 15);
});

test('the README’s proxy example runs', () => runSnippet(snippets[0]!, '8080', /^0 Map\(\d+\) \{.*'app' => 0/m));

test('the README’s DNS example runs', () => runSnippet(snippets[1]!, '5353', /^0 \[\]$/m));
