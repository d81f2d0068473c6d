import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = join(import.meta.dirname, '..');
const readme = readFileSync(join(folder, 'readme.md'), 'utf8');

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '').sort();
}

void test('the readme lists exactly the error codes that exist', () => {
  const source = readFileSync(join(folder, 'ts/errors/acme-error.ts'), 'utf8');
  assert.deepEqual(matches(readme, /^\| `(ACME_[A-Z_]+)`/gm), matches(source, /^ {2}\| '(ACME_[A-Z_]+)'/gm));
});

void test('the readme lists exactly the options of an order', () => {
  const source = readFileSync(join(folder, 'ts/client/obtain.ts'), 'utf8');
  const declared = /interface IObtainOptions \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? '';
  const table = /## Obtaining([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
  assert.deepEqual(matches(table, /^\| `(\w+)`/gm), matches(declared, /^ {2}readonly (\w+)\??:/gm));
});
