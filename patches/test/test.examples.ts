import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { BaseUnavailable } from '../tool/base.ts';
import { combine, combinedFile } from '../tool/combined.ts';
import { patchesFolder, rootFolder } from '../tool/paths.ts';
import { readSeries } from '../tool/series.ts';

const INSTALL_TIMEOUT_MS = 120_000;
const scratch = mkdtempSync(join(tmpdir(), 'patch-examples-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

test('the sample consumer carries the series as it is', (context) => {
  try {
    assert.equal(combine(readSeries('smartdns')), readFileSync(combinedFile, 'utf8'));
  } catch (error) {
    if (!(error instanceof BaseUnavailable)) throw error;
    context.skip(error.message);
  }
});

test('pnpm applies the series when it installs, and the consumer runs', (context) => {
  const runtime = join(rootFolder, '.runtime');
  const pnpm = existsSync(runtime) ? readdirSync(runtime).find((name) => name.startsWith('pnpm-')) : undefined;
  if (pnpm === undefined) {
    context.skip('the pinned pnpm is not there: npm test fetches it');
    return;
  }
  const folder = join(scratch, 'consumer');
  cpSync(join(patchesFolder, 'examples/pnpm-patched'), folder, { recursive: true });
  const run = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, CI: 'true', PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
    });
  const script = join(runtime, pnpm, 'bin/pnpm.cjs');
  const installed = run(script, 'install', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts');
  const said = `${String(installed.stdout)}${String(installed.stderr)}`;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ERR_PNPM_META_FETCH_FAIL/.test(said)) {
    context.skip('the registry cannot be reached');
    return;
  }
  assert.equal(installed.status, 0, said);
  const ran = run('main.js');
  assert.equal(ran.status, 0, String(ran.stderr));
  const totals = { received: 0, answered: 0, dropped: 0, bytesIn: 0, bytesOut: 0, truncated: 0 };
  assert.deepEqual(JSON.parse(String(ran.stdout)), totals);
});
