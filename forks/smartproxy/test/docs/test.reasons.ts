// Every reason under which something is refused or ends stands in the readme, and the readme names none that is not.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { REASON } from '../../ts/connection/reasons.ts';
import { REFUSALS } from '../../ts/http/refusals.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${root}readme.md`, 'utf8');
const source = globSync('ts/**/*.ts', { cwd: root })
  .map((file) => readFileSync(root + file, 'utf8'))
  .join('\n');

test('reasons of refusals and ends are documented', () => {
  const literals = [...source.matchAll(/(?:\.reject|#refuseTls|reason:)[ (]*'([a-z-]+)'/g)].map(
    ([, reason]) => reason!,
  );
  assert.ok(literals.length > 10);
  const refusals = Object.values(REFUSALS).map(({ reason }) => reason);
  for (const reason of new Set([...literals, ...refusals, ...Object.values(REASON)])) {
    assert.ok(readme.includes(`\`${reason}\``), `readme.md does not name ${reason}`);
  }
});

test('the readme names no reason that there is not', () => {
  const tables = readme.slice(readme.indexOf('### Why connections end'), readme.indexOf('## Tuning'));
  const rows = tables.split('\n').filter((line) => line.startsWith('| `'));
  assert.ok(rows.length > 30);
  for (const row of rows) {
    for (const [, reason] of row.split('|')[1]!.matchAll(/`([a-z-]+)`/g)) {
      const isMade = reason!.startsWith('websocket-frame-');
      assert.ok(isMade || source.includes(`'${reason}'`), `no source has ${reason}`);
    }
  }
});
