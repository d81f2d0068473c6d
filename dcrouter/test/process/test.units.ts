import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = join(import.meta.dirname, '../../systemd');
const units = ['dcrouter.service', 'dcrouter.socket'] as const;
const hasTool = spawnSync('systemd-analyze', ['--version']).error === undefined;

test(
  'systemd has nothing to say against the units',
  { skip: hasTool ? false : 'there is no systemd-analyze here' },
  (t) => {
    const scratch = mkdtempSync(join(tmpdir(), 'dcrouter-units-'));
    t.after(() => rmSync(scratch, { recursive: true }));
    const files = units.map((unit) => {
      const file = join(scratch, unit);
      // The program is not installed on the machine that tests it.
      writeFileSync(file, readFileSync(join(folder, unit), 'utf8').replace('/usr/bin/dcrouter run', '/bin/true run'));
      return file;
    });
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...files], { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 0);
  },
);

test('the service may bind low ports and nothing else, and is told of by a child', () => {
  const service = readFileSync(join(folder, 'dcrouter.service'), 'utf8');
  for (const line of [
    'Type=notify',
    'NotifyAccess=all',
    'NoNewPrivileges=yes',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'ProtectSystem=strict',
  ]) {
    assert.match(service, new RegExp(`^${line}$`, 'm'));
  }
});
