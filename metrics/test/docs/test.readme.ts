import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultMetrics, Registry } from '@dcrouter/metrics';

const folder = join(import.meta.dirname, '../..');
const readme = readFileSync(join(folder, 'readme.md'), 'utf8');
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!);

test('every snippet of the readme runs and ends by itself', async (t) => {
  assert.ok(snippets.length >= 8);
  // Inside the package, so that its own name resolves.
  mkdirSync(join(folder, '.cache'), { recursive: true });
  const scratch = mkdtempSync(join(folder, '.cache/readme-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const args = process.execArgv.filter((arg) => !arg.startsWith('--test'));
  const runs = snippets.map(async (snippet, index) => {
    const file = join(scratch, `snippet-${index}.ts`);
    writeFileSync(file, snippet);
    const child = spawn(process.execPath, [...args, file], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 });
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.deepEqual({ code, complaints }, { code: 0, complaints: '' }, snippet);
  });
  await Promise.all(runs);
});

test('the readme names every error code, and no other', () => {
  const source = readFileSync(join(folder, 'ts/errors.ts'), 'utf8');
  const codes = (text: string) => new Set(text.match(/METRICS_[A-Z_]+/g));
  assert.deepEqual([...codes(readme)].sort(compare), [...codes(source)].sort(compare));
});

test('the readme names every metric that the package registers by itself', (t) => {
  const registry = new Registry();
  t.after(defaultMetrics(registry));
  const parts = /^(nodejs_eventloop_lag|nodejs_heap_space_size)_(min|max|mean|stddev|p50|p90|p99|used|available)_/;
  for (const { name } of registry.metrics()) {
    const part = parts.exec(name)?.[2];
    assert.ok(readme.includes(part === undefined ? `\`${name}` : `\`_${part}_\``), name);
  }
});

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}
