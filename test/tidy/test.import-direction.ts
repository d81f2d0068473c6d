import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** What each package may import from this repository; the direction is metrics, acme ← forks ← dcrouter ← test, bench. */
const allowed: Record<string, readonly string[]> = {
  'metrics': [],
  'acme': [],
  'forks/smartproxy': ['@dcrouter/metrics', '@dcrouter/acme'],
  'forks/smartdns': ['@dcrouter/metrics', '@dcrouter/acme'],
  'dcrouter': ['@dcrouter/metrics', '@dcrouter/acme', '@dcrouter/smartproxy', '@dcrouter/smartdns'],
};

/** smartdns is three layers in one package: wire ← client ← server. */
const smartdnsLayers: Record<string, readonly string[]> = {
  ts_wire: [],
  ts_client: ['#wire'],
  ts_server: ['#wire', '#client'],
  ts: ['#wire', '#client', '#server'],
};

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function* imports(file: string): Generator<string> {
  for (const match of readFileSync(join(root, file), 'utf8').matchAll(IMPORT)) yield (match[1] ?? match[2])!;
}

for (const [folder, others] of Object.entries(allowed)) {
  test(`${folder} imports only what lies below it`, () => {
    const wrong: string[] = [];
    for (const file of globSync(`${folder}/ts*/**/*.ts`, { cwd: root })) {
      const layer = folder === 'forks/smartdns' ? file.split('/')[2]! : undefined;
      for (const name of imports(file)) {
        if (name.startsWith('@dcrouter/')) {
          const target = name.split('/').slice(0, 2).join('/');
          if (!others.includes(target)) wrong.push(`${file}: ${name}`);
        } else if (name.startsWith('#')) {
          if (!(smartdnsLayers[layer ?? ''] ?? []).includes(name)) wrong.push(`${file}: ${name}`);
        } else if (name.startsWith('.')) {
          const target = normalize(join(dirname(file), name));
          if (!target.startsWith(layer ? `${folder}/${layer}/` : `${folder}/ts/`))
            wrong.push(`${file}: ${name} leaves its package`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
}
