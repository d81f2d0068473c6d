/** Whole signed zones satisfy the verifiers of BIND and ldns, for every algorithm, key scheme and chain. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatZone } from '#wire';
import { signingAlgorithms } from '../../ts_server/dnssec/index.ts';
import { makeSignedZone } from './support/zones.ts';

const folder = mkdtempSync(join(tmpdir(), 'dcrouter-signed-'));
after(() => rmSync(folder, { recursive: true }));

function missing(tool: string, argument: string): string | false {
  return spawnSync(tool, [argument]).error === undefined ? false : `${tool} is not installed`;
}

const withoutBind = missing('dnssec-verify', '-V');
const withoutLdns = missing('ldns-verify-zone', '-v');

for (const algorithm of signingAlgorithms) {
  for (const scheme of ['csk', 'ksk-zsk'] as const) {
    for (const denial of ['nsec', 'nsec3'] as const) {
      const file = join(folder, `${algorithm}.${scheme}.${denial}`);
      const origin = 'signed.test';
      const make = async (): Promise<void> => {
        const { signer } = await makeSignedZone({ origin, algorithm, scheme, denial });
        writeFileSync(file, formatZone(signer.signedZone()));
      };
      test(`BIND verifies a zone of ${algorithm}, ${scheme}, ${denial}`, { skip: withoutBind }, async () => {
        await make();
        // -z: a CSK is no key-signing key only.
        const options = scheme === 'csk' ? ['-z'] : [];
        const result = spawnSync('dnssec-verify', [...options, '-o', origin, file], { encoding: 'utf8' });
        assert.equal(result.status, 0, result.stdout + result.stderr);
        assert.match(result.stderr + result.stdout, /Zone fully signed/);
      });
      test(`ldns verifies a zone of ${algorithm}, ${scheme}, ${denial}`, { skip: withoutLdns }, async () => {
        await make();
        const result = spawnSync('ldns-verify-zone', [file], { encoding: 'utf8' });
        assert.equal(result.status, 0, result.stdout + result.stderr);
      });
    }
  }
}
