// The long mode of the differential test: millions of generated and mutated streams, engine against llhttp.
//
//   node --conditions=dcrouter-source bench/proxy/fuzz-scanner.ts [--streams 5000000] [--seed N]
//
// Prints what was accepted and refused, by reason; exit code 1 at the first difference, with what repeats it.
import { parseArgs } from 'node:util';
import { runDifferential } from '../../forks/smartproxy/test/strictness/differential.ts';

/** Streams per seed: a difference is found again in seconds. */
const BATCH = 100_000;

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '5000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const wanted = Number(values.streams);
const firstSeed = Number(values.seed);
const reasons = new Map<string, number>();
let streams = 0;
let accepted = 0;
let refused = 0;
const startedAt = performance.now();

for (let seed = firstSeed; streams < wanted; seed += 1) {
  const result = runDifferential(seed, Math.min(BATCH, wanted - streams));
  streams += result.streams;
  accepted += result.accepted;
  refused += result.refused;
  for (const [reason, count] of result.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  if (result.difference !== undefined) {
    console.error(result.difference);
    process.exitCode = 1;
    break;
  }
  if (seed % 10 === 0) console.error(`${streams} streams, seed ${seed}`);
}

const seconds = (performance.now() - startedAt) / 1000;
console.log(`first seed ${firstSeed}: ${streams} streams in ${seconds.toFixed(0)} s, ${accepted} messages accepted`);
console.log(`${refused} streams refused:`);
for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`  ${reason} ${count}`);
