// The ring and the process it is in: who keeps it running, what is left of a ring, and where there is none to be had.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
const OPTIONS = ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning'];
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function start(flags: string[], args: string[]) {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, RING_SEEDS: '1' };
  return promisify(execFile)(process.execPath, [...OPTIONS, ...flags, ...args], { env });
}

async function run(flags: string[], args: string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await start(flags, [path('child.ts'), ...args])).stdout) as Record<string, unknown>;
}

test('an open socket in the ring keeps the process running, and nothing does once it is gone', { skip }, async (t) => {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const ended = run([], ['alive', String((server.address() as AddressInfo).port)]);
  const [peer] = (await once(server, 'connection')) as [Socket];
  peer.write('1');
  assert.equal(String((await once(peer, 'data'))[0]), 'by its handle');
  for (const text of ['2', '3']) {
    // Nothing but its place in the ring is left for the process to wait for.
    peer.write(text);
    assert.equal(String((await once(peer, 'data'))[0]), text);
  }
  peer.end();
  assert.deepEqual(await ended, { users: 0 }, 'it ended by itself');
});

test('fifty rings later there are no more descriptors, mappings or memory than before', { skip }, async () => {
  const { before, after } = (await run(['--expose-gc'], ['rounds'])) as Record<string, Record<string, number>>;
  // libuv has rings of its own.
  for (const what of ['rings', 'maps', 'descriptors']) assert.equal(after![what], before![what], what);
  // A ring has six megabytes.
  assert.ok(after!['megabytes']! < before!['megabytes']! + 100, JSON.stringify({ before, after }));
  assert.ok(after!['lines']! < before!['lines']! + 40, JSON.stringify({ before, after }));
});

test('owners that throw at what they are told are heard of, and the others go on', { skip }, async () => {
  const { errors, got, draining } = await run([], ['throws']);
  const numbers = ['0', '1', '2', '3', '4'];
  assert.deepEqual(errors, [...numbers.map((text) => `1 ${text}`), ...numbers.map((text) => `3 ${text}`)]);
  assert.deepEqual(got, Array(4).fill('01234'));
  assert.equal(draining, false);
});

test('where the permission model shuts everything away, the proxy runs without, and says why', async () => {
  const { lines, echoed } = await run(
    ['--permission', '--allow-fs-read=*', '--allow-net', '--allow-addons', '--allow-wasi'],
    ['proxy'],
  );
  assert.equal(echoed, 'ping');
  const [line] = lines as Array<{ message: string; reason: string }>;
  assert.equal(line?.message, 'sockets stay out of the ring');
  assert.ok(line.reason.length > 0);
});

for (const flags of [['--expose-gc'], ['--stress-compaction'], ['--expose-gc', '--stress-scavenge=50']]) {
  test(
    `garbage is collected all the time (${flags.join(' ')}), and nothing is that the kernel writes to`,
    { skip },
    async () => {
      const { stdout } = await start(flags, ['--test-reporter=tap', path('test.streams.ts')]);
      assert.match(stdout, /# fail 0/);
      assert.doesNotMatch(stdout, /# pass 0/);
    },
  );
}
