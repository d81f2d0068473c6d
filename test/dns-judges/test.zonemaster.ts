/** Zonemaster has nothing to say against our zones under a local root, and is seen to reject broken ones. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { missing } from './judges.ts';
import { algorithms, denials } from './zones.ts';

const script = join(import.meta.dirname, 'zonemaster.ts');
const node = ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning', script];

function cannot(): string | false {
  const { status, stderr } = spawnSync(process.execPath, [...node, '--check'], { encoding: 'utf8' });
  return status === 0 ? false : `no network namespace with addresses of its own can be made here: ${stderr.trim()}`;
}

const skip = missing('zonemaster-cli', '--version') || cannot();

function judge(...args: string[]): Promise<{ code: number | string | null | undefined; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...node, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, said: stdout + stderr }),
    );
  });
}

for (const algorithm of algorithms) {
  for (const denial of denials) {
    test(`Zonemaster reports no error and no warning on ${algorithm}, ${denial}`, { skip }, async () => {
      const { code, said } = await judge('--algorithm', algorithm, '--denial', denial);
      assert.equal(code, 0, said);
      assert.match(said, /: 0 errors, 0 warnings, [1-9]\d* about DNSSEC/);
    });
  }
}

for (const [flaw, message] of [
  ['wrong-ds', /ERROR\s+DNSSEC02\s+DS02_NO_MATCH_DS_DNSKEY/],
  ['expired', /ERROR\s+DNSSEC04\s+RRSIG_EXPIRED/],
] as const) {
  test(`Zonemaster rejects a zone with the flaw "${flaw}"`, { skip }, async () => {
    const { code, said } = await judge('--flaw', flaw);
    assert.equal(code, 1, said);
    assert.match(said, message);
  });
}
