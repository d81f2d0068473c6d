// The life of the process from the command: run, restart, drain.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChild } from '../../../test/helpers/child.ts';
import { freePorts } from '../../../test/helpers/ports.ts';
import { call, entry, flags } from './command.ts';

test('run is meant without a command; restart answers when the new process serves; drain; SIGTERM ends all', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-cli-'));
  const [apiPort, proxyPort] = await freePorts(2);
  const file = join(folder, 'router.yaml');
  writeFileSync(
    file,
    `api: { port: ${apiPort} }
proxy: { address: 127.0.0.1, routes: [{ name: a, match: { ports: ${proxyPort} }, action: { type: forward, targets: [{ host: 127.0.0.1, port: 1 }] } }] }\n`,
  );
  const child = startChild(process.execPath, [...flags, entry, '--config', file]);
  t.after(async () => {
    child.signalGroup('SIGKILL');
    await child.ended;
    rmSync(folder, { recursive: true });
  });
  await child.saw(/"msg":"listening"/);
  const url = `http://127.0.0.1:${apiPort}`;
  const pidOf = async (): Promise<number> =>
    (JSON.parse((await call(['status', '--json'], { url })).out) as { pid: number }).pid;
  assert.equal(await pidOf(), child.process.pid);

  const restarted = await call(['restart', '--json'], { url });
  assert.equal(restarted.code, 0, restarted.err);
  assert.deepEqual(JSON.parse(restarted.out), { restarted: true });
  assert.notEqual(await pidOf(), child.process.pid);

  const drained = await call(['drain'], { url });
  assert.match(drained.out, /^\/readyz says no/);
  const status = await call(['status'], { url });
  assert.equal(status.code, 1, 'not ready');
  assert.match(status.out, /^state +not ready/m);
  child.process.kill('SIGTERM');
  assert.equal(await child.ended, 0);
});
