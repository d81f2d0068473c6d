import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChild, toolVersion } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';

const root = join(import.meta.dirname, '../..');
/** The ports of the example, as the README names them, by the variable that changes each. */
const PORTS = [
  ['8080', 'HTTP'],
  ['8443', 'HTTPS'],
  ['5353', 'DNS'],
  ['9090', 'API'],
  ['18081', 'BACKEND'],
  ['18443', 'TLS_BACKEND'],
] as const;
const missing = ['curl', 'dig'].filter((tool) => toolVersion(tool, ['-h']) === undefined);
const skip = missing.length > 0 && `missing: ${missing.join(', ')}`;

test('what the README says to try works while the example runs', { skip, timeout: 60_000 }, async (t) => {
  const free = await freePorts(PORTS.length);
  const env = Object.fromEntries(PORTS.map(([, name], index) => [`DCROUTER_${name}_PORT`, String(free[index])]));
  const child = startChild(process.execPath, ['--conditions=dcrouter-source', join(root, 'scripts/start.ts')], {
    env: { ...process.env, ...env },
  });
  t.after(async () => {
    child.signalGroup('SIGTERM');
    await child.ended;
  });
  await child.saw(/Ctrl-C stops everything/);
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code!);
  const said = blocks
    .filter((code) => /^(?:curl|dig) /.test(code))
    .map((code) => {
      const own = PORTS.reduce(
        (text, [port], index) => text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), `${free[index]}`),
        code,
      );
      return execFileSync('bash', ['-euo', 'pipefail', '-c', own.replaceAll('curl ', 'curl -sS ')], {
        encoding: 'utf8',
      });
    });
  assert.equal(said.length, 2, 'the README has two blocks to try');
  assert.match(said[0]!, /^the HTTP backend got GET \/ for app\.example\.test$/m);
  assert.match(said[0]!, /^app\.example\.test\.\s+300\s+IN\s+A\s+127\.0\.0\.1$/m);
  assert.match(said[0]!, /^dcrouter_proxy_requests_total\{route="app-http"\} 1$/m);
  assert.match(said[0]!, /"ready":true/);
  assert.match(said[1]!, /"path":"rules\.rules\[no-hello\]","kind":"added"/);
  assert.match(said[1]!, /HTTP\/1\.1 451 Unavailable/);
  assert.match(said[1]!, /"path":"rules\.rules\[no-hello\]","kind":"removed"/);
});
