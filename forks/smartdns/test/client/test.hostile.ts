// Replies that are broken in every way: the client answers or fails with a code, and stays whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsError } from '#client';
import { answerPacket, record, soa } from './fakeserver.ts';
import type { IFakeQuery } from './fakeserver.ts';
import { resolverWith, serve } from './support.ts';

const seed = Number(process.env['SMARTDNS_FUZZ_SEED'] ?? 7_919);
const rounds = Number(process.env['SMARTDNS_FUZZ_ROUNDS'] ?? 1_000);

let state = seed;
function below(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

/** A good answer with some of its bytes changed, cut or repeated; the id mostly left alone so that it is read. */
function mutated(query: IFakeQuery): Buffer {
  const { name } = query;
  const packet = answerPacket(query, {
    answers: [
      record(name, 'CNAME', `x.${name}`),
      record(`x.${name}`, 'A', '192.0.2.1'),
      record(`x.${name}`, 'MX', { preference: 1, exchange: name }),
      record(name, 'TXT', ['a', 'b'.repeat(200)]),
    ],
    authorities: [soa('test')],
  });
  const start = below(10) === 0 ? 0 : 2;
  const copy = Buffer.from(packet);
  for (let count = below(6); count > 0; count -= 1) copy[start + below(copy.length - start)] = below(256);
  switch (below(6)) {
    case 0:
      return copy.subarray(0, below(copy.length));
    case 1:
      return Buffer.concat([copy, copy.subarray(below(copy.length))]);
    case 2:
      // A compression pointer somewhere after the question.
      copy.writeUInt16BE(0xc000 | below(copy.length), 12 + below(copy.length - 14));
      return copy;
    default:
      return copy;
  }
}

for (const protocol of ['udp', 'tcp'] as const) {
  test(`${protocol}: ${rounds} broken replies (seed ${seed})`, async () => {
    const server = await serve({ answer: mutated });
    const resolver = resolverWith({
      upstreams: [`${protocol}://${server.address}`],
      timeoutMs: 250,
      attemptTimeoutMs: 60,
      attemptsMax: 2,
      cache: { failureMs: 0, entriesMax: 50 },
    });
    let answered = 0;
    for (let done = 0; done < rounds;) {
      const batch = Math.min(100, rounds - done);
      done += batch;
      const outcomes = await Promise.allSettled(
        Array.from({ length: batch }, () =>
          resolver.resolve(`n${below(1_000)}.test`, ['A', 'TXT', 'MX', 'ANY'][below(4)]),
        ),
      );
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') answered += 1;
        else assert.ok(outcome.reason instanceof DnsError, `seed ${seed}: ${String(outcome.reason)}`);
      }
    }
    const { totals, inFlight, cache } = resolver.stats.snapshot();
    assert.deepEqual([totals.answered, totals.pending, inFlight], [answered, 0, 0], `seed ${seed}`);
    assert.ok(cache.entries <= 50);
    assert.ok(answered > 0 && totals.failed > 0, `seed ${seed}: ${answered} answered, ${totals.failed} failed`);
  });
}
