import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IDnsServerOptions } from '#server';
import { Growth } from '../growth.ts';
import { makeServer, nextQuery, randomFrom } from './fuzzing.ts';
import { assertLaws } from './laws.ts';

const seed = Number(process.env['SEED'] ?? 20_261_121);
const rounds = Number(process.env['ROUNDS'] ?? 20_000);

const setups: Record<string, IDnsServerOptions> = {
  'as it comes': {},
  'with limits on': {
    rateLimit: { responsesPerSecond: 50 },
    queryLimit: { queriesPerSecond: 1_000 },
    cookies: { enforce: true },
  },
};

for (const [name, options] of Object.entries(setups)) {
  test(`mutated queries are answered, refused or dropped, and counted, ${name} (SEED=${seed})`, async () => {
    const below = randomFrom(seed);
    const server = await makeServer(options);
    if (name === 'with limits on') {
      server.use((query, next) => {
        if (query.domain.startsWith('x')) {
          query.drop();
          return;
        }
        next(() => {});
      });
      server.on('query-received', () => {});
      server.on('query-answered', () => {});
      server.on('query-error', () => {});
    }
    let answers = 0;
    for (let round = 0; round < rounds; round++) {
      const { packet, source, clientIp } = nextQuery(below);
      const answer = await server.processRawDnsPacketAsync(packet, { source, clientIp }).catch(() => undefined);
      if (answer !== undefined) {
        answers++;
        assert.equal(answer.readUInt16BE(0), packet.readUInt16BE(0), 'an answer has the id of its query');
        assert.ok((answer[2]! & 0x80) !== 0, 'an answer says that it is one');
      }
    }
    const { received, answered } = server.stats.getTotals();
    assert.deepEqual([received, answered], [rounds, answers]);
    await server.stop();
    assertLaws(server);
  });
}

const repeats = 4;
/** Less than the smallest object and its place in a list (40 bytes); compiled code comes and goes by half a MiB. */
const leakBytesMax = 12;

test(`the same mutated queries again and again leave nothing behind (SEED=${seed})`, async () => {
  const server = await makeServer({ rateLimit: { responsesPerSecond: 50 }, queryLimit: { queriesPerSecond: 1_000 } });
  const growth = new Growth();
  // Every cache has seen these queries after two rounds: what is kept after that is a leak.
  for (let repeat = 0; repeat < repeats + 2; repeat++) {
    const below = randomFrom(seed);
    for (let round = 0; round < rounds; round++) {
      const { packet, source, clientIp } = nextQuery(below);
      await server.processRawDnsPacketAsync(packet, { source, clientIp }).catch(() => undefined);
    }
    if (repeat >= 1) growth.sample(repeat * rounds);
  }
  await server.stop();
  assert.ok(growth.slope() < leakBytesMax, `${growth.slope()} bytes for each query: ${growth.toString()}`);
});
