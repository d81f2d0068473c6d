import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../..');
const readme = readFileSync(join(folder, 'readme.md'), 'utf8');
// The wrapper's snippet needs the stock package, which this one does not depend on; test/conformance runs the wrapper.
const snippets = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)]
  .map(([, code]) => code!)
  .filter((code) => !code.includes("from '@push.rocks/"));

test('the snippets of the readme run', async () => {
  assert.ok(snippets.length >= 4);
  for (const snippet of snippets) {
    // A port of its own, as others may have the readme's.
    const code = snippet.replace('udpPort: 5353', 'udpPort: 0');
    const args = ['--conditions=dcrouter-source', '--input-type=module-typescript', '--eval', code];
    await run(process.execPath, args, { cwd: folder, timeout: 20_000 });
  }
});

test('the readme and the code name the same options', () => {
  const source = readFileSync(join(folder, 'ts_server/interfaces/options.ts'), 'utf8');
  const block = source.slice(
    source.indexOf('interface IDnsServerOptions'),
    source.indexOf('interface IDnsListenAddresses'),
  );
  const options = [...block.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name!);
  const missing = options.filter((name) => !readme.includes(`\`${name}\``) && !readme.includes(`${name}: `));
  assert.deepEqual(missing, []);
});

test('the readme names every reason for a drop', async () => {
  const source = readFileSync(join(folder, 'ts_server/stats/reasons.ts'), 'utf8');
  const block = source.slice(source.indexOf('dropReasons'), source.indexOf('TDropReason'));
  const reasons = [...block.matchAll(/^ {2}'([a-z-]+)',$/gm)].map(([, name]) => name!);
  assert.ok(reasons.length > 3);
  assert.deepEqual(
    reasons.filter((reason) => !readme.includes(`\`${reason}\``)),
    [],
  );
});
