/**
 * Long fuzzing of the DNS wire codec.
 *
 * `node --conditions=dcrouter-source bench/dns/fuzz-wire.ts [--packets 10000000] [--seed 1] [--deep 16]`
 *
 * Every packet is read by the full decoder and by the quick reader; one in `deep` is also encoded again, decoded again
 * and taken through its text. Prints packets per CPU second, the slowest packet and memory, and fails on the first
 * broken law with the packet in hexadecimal.
 */
import { parseArgs } from 'node:util';
import { QuestionReader } from '@dcrouter/smartdns/wire';
import { checkPacket, makeCorpus, makeTally, mutate } from '../../forks/smartdns/test/wire/support/fuzz.ts';
import { Random } from '../../forks/smartdns/test/wire/support/random.ts';

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
const reportEvery = 1_000_000;
/** A packet may not hold the process up for longer (milliseconds of CPU). */
const slowestMsMax = 10;

let corpus = makeCorpus(random, 400);
let slowestMs = 0;
let slowPackets = 0;
const cpuStart = process.cpuUsage();
const heapStart = process.memoryUsage().heapUsed;

for (let index = 1; index <= packets; index++) {
  const length = mutate(random, corpus, target);
  const packet = Buffer.from(target.subarray(0, length));
  const from = process.hrtime.bigint();
  try {
    checkPacket(packet, reader, tally, index % deepEvery === 0);
  } catch (error) {
    throw new Error(`seed ${values.seed}, packet ${index}: ${packet.toString('hex')}`, { cause: error });
  }
  const took = Number(process.hrtime.bigint() - from) / 1e6;
  if (took > slowestMsMax) slowPackets += confirmSlow(packet);
  else if (took > slowestMs) slowestMs = took;
  if (index % reportEvery === 0) {
    report(index);
    corpus = makeCorpus(random, 400);
  }
}
report(packets);
if (slowPackets > 0) process.exitCode = 1;

/** Wall time also counts other processes and garbage collection: only CPU time that repeats is the packet's fault. */
function confirmSlow(packet: Buffer): number {
  const from = process.cpuUsage();
  for (let round = 0; round < 3; round++) checkPacket(packet, reader, makeTally(), true);
  const { user, system } = process.cpuUsage(from);
  const each = (user + system) / 3 / 1000;
  if (each <= slowestMsMax) return 0;
  console.log(`slow: ${each.toFixed(1)} ms for ${packet.toString('hex')}`);
  return 1;
}

function report(done: number): void {
  const { user, system } = process.cpuUsage(cpuStart);
  const rate = Math.round(done / ((user + system) / 1e6));
  const heapMb = (process.memoryUsage().heapUsed - heapStart) / 1024 / 1024;
  const refused = [...tally.refused].sort((left, right) => right[1] - left[1]);
  console.log(
    `${done} packets, ${rate} per CPU second, ${tally.decoded} decoded, slowest ${slowestMs.toFixed(2)} ms, ` +
      `heap ${heapMb >= 0 ? '+' : ''}${heapMb.toFixed(1)} MiB, refused ${refused.map((pair) => pair.join(' ')).join(', ')}`,
  );
}
