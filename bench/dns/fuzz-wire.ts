/**
 * Long fuzzing of the DNS wire codec.
 *
 * `node --conditions=dcrouter-source bench/dns/fuzz-wire.ts [--packets 10000000] [--seed 1] [--deep 16]`
 *
 * Every packet is read by the full decoder and by the quick reader; one in `deep` is also encoded again, decoded again
 * and taken through its text. Prints packets per CPU second, the slowest packet and memory; fails on the first broken
 * law with the packet in hexadecimal, on a packet that holds the process up, and when memory grows.
 */
import { parseArgs } from 'node:util';
import { QuestionReader } from '@dcrouter/smartdns/wire';
import { Growth } from '../../forks/smartdns/test/growth.ts';
import { checkPacket, makeCorpus, makeTally, mutate } from '../../forks/smartdns/test/wire/support/fuzz.ts';
import { Random } from '../../forks/smartdns/test/wire/support/random.ts';
import { judgeGrowth, slowestMsMax, SlowPackets } from './fuzz-laws.ts';

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
    deep: { type: 'string', default: '16' },
  },
});
const packets = Number(values.packets);
const deepEvery = Number(values.deep);
const random = new Random(Number(values.seed));
const target = Buffer.alloc(8_192);
const reader = new QuestionReader();
const tally = makeTally();
const sampleEvery = Math.max(1, Math.floor(packets / 20));
const growth = new Growth();
const slow = new SlowPackets();

let corpus = makeCorpus(random, 400);
const cpuStart = process.cpuUsage();

for (let index = 1; index <= packets; index++) {
  const length = mutate(random, corpus, target);
  const packet = Buffer.from(target.subarray(0, length));
  const from = performance.now();
  try {
    checkPacket(packet, reader, tally, index % deepEvery === 0);
  } catch (error) {
    throw new Error(`seed ${values.seed}, packet ${index}: ${packet.toString('hex')}`, { cause: error });
  }
  const tookMs = performance.now() - from;
  if (tookMs <= slowestMsMax) slow.seen(tookMs);
  else await slow.confirm(tookMs, packet, () => checkPacket(packet, reader, makeTally(), true));
  if (index % sampleEvery === 0) {
    growth.sample(index);
    report(index);
    corpus = makeCorpus(random, 400);
  }
}
if (!judgeGrowth(growth) || slow.count > 0) process.exitCode = 1;

function report(done: number): void {
  const { user, system } = process.cpuUsage(cpuStart);
  const rate = Math.round(done / ((user + system) / 1e6));
  const refused = [...tally.refused].sort((left, right) => right[1] - left[1]);
  console.log(
    `${done} packets, ${rate} per CPU second, ${tally.decoded} decoded, ${slow.toString()}, ${growth.last()}, ` +
      `refused ${refused.map((pair) => pair.join(' ')).join(', ')}`,
  );
}
