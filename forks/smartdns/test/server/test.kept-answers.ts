import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Resolver } from '#client';
import { Growth } from '../growth.ts';
import { makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

const names = 1_000;
/** An answer of ours is below 200 bytes; what goes beyond is what its parts keep alive. */
const bytesMax = 6_000;

/** Uses up Node's pool of small buffers, as the other work of a process does between two answers. */
function churn(): void {
  for (let turn = 0; turn < 4; turn++) Buffer.allocUnsafe(Buffer.poolSize / 2 - 8);
}

async function grown(context: TestContext, act: (name: string) => Promise<void>): Promise<number> {
  const growth = new Growth();
  await act('warm.example.test');
  growth.sample(0);
  for (let index = 0; index < names; index++) {
    await act(`n${index}.example.test`);
    churn();
  }
  growth.sample(names);
  context.diagnostic(`${growth.slope()} bytes for each name`);
  return growth.slope();
}

test('a kept answer takes its own size, not 64 KiB of the pool it was made in', async (context) => {
  const { server } = await startServer(context, {}, (dns) => {
    dns.registerHandler('*.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  const bytes = await grown(context, async (name) => {
    const query = makeQuery({ name });
    // The second sight is kept, the third given from there.
    for (let turn = 0; turn < 3; turn++) await server.processRawDnsPacketAsync(query, { clientIp: '192.0.2.9' });
  });
  assert.ok(bytes < bytesMax, `${bytes} bytes`);
});

test("so does an answer in the client's cache", async (context) => {
  const { port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('*.example.test', ['SSHFP'], (question) =>
      record(question.name, 'SSHFP', { algorithm: 4, type: 2, fingerprint: 'ab'.repeat(32) }),
    );
  });
  const resolver = new Resolver({ upstreams: [`tcp://127.0.0.1:${port}`] });
  context.after(() => resolver.destroy());
  const bytes = await grown(context, async (name) => {
    assert.equal((await resolver.resolve(name, 'SSHFP')).records.length, 1);
  });
  assert.ok(bytes < bytesMax, `${bytes} bytes`);
});
