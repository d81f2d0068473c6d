// Which sockets a proxy has: on handles where Node shows them, without a warning, and on Node's own streams elsewhere.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const child = fileURLToPath(new URL('child.ts', import.meta.url));

async function run(flags: string[], env: NodeJS.ProcessEnv = {}): Promise<{ result: unknown; stderr: string }> {
  const args = ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning', ...flags, child];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return { result: JSON.parse(stdout), stderr };
}

test('handles are the default, and no warning comes of it', async () => {
  const { result, stderr } = await run([], { SMARTPROXY_SOCKETS: undefined });
  assert.deepEqual(result, { onHandles: true, echoed: 'ping' });
  assert.equal(stderr, '');
});

test('SMARTPROXY_SOCKETS=net takes streams', async () => {
  const { result } = await run([], { SMARTPROXY_SOCKETS: 'net' });
  assert.deepEqual(result, { onHandles: false, echoed: 'ping' });
});

test('under the permission model, which shuts the handles away, streams are taken', async () => {
  const { result } = await run(['--permission', '--allow-fs-read=*', '--allow-net', '--allow-addons', '--allow-wasi']);
  assert.deepEqual(result, { onHandles: false, echoed: 'ping' });
});
