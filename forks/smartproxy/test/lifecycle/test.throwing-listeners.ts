// Listeners that throw: the error surfaces, and costs the proxy neither an answer nor a count.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('errors of listeners surface as errors that nobody caught, and leave connections and numbers whole', async () => {
  const child = fileURLToPath(new URL('throwing.ts', import.meta.url));
  const args = ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning', child];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  const { names, caught, ...rest } = JSON.parse(stdout) as { names: string[]; caught: string[] };
  assert.deepEqual(caught, names);
  assert.deepEqual(rest, {
    statuses: ['200', '502', '404', '200'],
    connections: 4,
    requests: 3,
    activeConnections: 0,
    ended: 4,
  });
});
