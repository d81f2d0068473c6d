// The documents of docs/upstreams.md are valid, and mean what the page says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfigDocument } from '../../ts/config/document.ts';
import { validateConfig } from '../../ts/config/load.ts';
import { composeRecords } from '../../ts/dns/compose.ts';
import { checksOf } from '../../ts/health/config.ts';
import { resolveLimits } from '../../ts/resolve/limits.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/upstreams.md'), 'utf8');
const configs = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) =>
  validateConfig(parseConfigDocument('upstreams.yaml', text!, {})),
);

test('every document of the page is valid', () => {
  assert.equal(configs.length, 5);
});

test('the bounds that the page tells are those of the code', () => {
  assert.ok(page.includes(`At most ${resolveLimits.namesMax.toLocaleString('en')} names`));
  assert.ok(page.includes(`kept for ${resolveLimits.systemTtlSeconds} s`));
  assert.equal(resolveLimits.refreshShare, 4 / 5);
});

test('the checks of the page are five and one for each target', () => {
  const names = checksOf(configs[2]!).map(({ name }) => name);
  assert.deepEqual(names, [
    'web-1',
    'web-2',
    'shop',
    'certificate',
    'ns',
    'target 192.0.2.1:8443',
    'target 192.0.2.2:8443',
  ]);
});

test('the records of the page follow their checks, and come with the routes', () => {
  const served = (at: number, down: string) =>
    composeRecords(configs[at]!, (check) => check !== down)
      .get('example.com')!
      .flatMap(({ record, withheld }) =>
        withheld || record.type === 'NS' ? [] : [`${record.name} ${String(record.data)}`],
      );
  assert.deepEqual(served(3, 'web-1'), ['ns1 192.0.2.53', 'www 192.0.2.2']);
  assert.deepEqual(served(4, ''), [
    'ns1 192.0.2.10',
    'app 192.0.2.10',
    'app 2001:db8::10',
    '*.apps 192.0.2.10',
    '*.apps 2001:db8::10',
  ]);
});
