/**
 * Long fuzzing of the DNS server behind its sockets: parsing, limits, middleware, handlers, a signed zone, answers.
 *
 * `node --conditions=dcrouter-source bench/dns/fuzz-server.ts [--packets 10000000] [--seed 1]`
 *
 * Fails when an answer is no answer to its query, when a packet holds the process up, when the counters break their laws
 * and when memory grows; prints packets per CPU second, the slowest packet and memory on the way.
 */
import { parseArgs } from 'node:util';
import { Growth } from '../../forks/smartdns/test/growth.ts';
import { makeServer, nextQuery, randomFrom, type IFuzzQuery } from '../../forks/smartdns/test/server/fuzzing.ts';
import { makeQuery } from '../../forks/smartdns/test/server/ask.ts';
import { assertLaws } from '../../forks/smartdns/test/server/laws.ts';
import { judgeGrowth, slowestMsMax, SlowPackets } from './fuzz-laws.ts';

const { values } = parseArgs({
  options: { packets: { type: 'string', default: '10000000' }, seed: { type: 'string', default: '1' } },
});
const packets = Number(values.packets);
const below = randomFrom(Number(values.seed));
/** More than the largest table has places: 50,000 signatures. */
const fillNames = 60_000;
const sampleEvery = Math.max(1, Math.floor(packets / 20));
const server = await makeServer({
  rateLimit: { responsesPerSecond: 50 },
  queryLimit: { queriesPerSecond: 1_000 },
});
const growth = new Growth();
const slow = new SlowPackets();
const cpuStart = process.cpuUsage();
let answers = 0;

async function ask({ packet, source, clientIp }: IFuzzQuery): Promise<Buffer | undefined> {
  // It rejects when the server gives no answer, as it does not to garbage and over the limits.
  return await server.processRawDnsPacketAsync(packet, { source, clientIp }).catch(() => undefined);
}

let extra = 0;
// Tables with a bound are filled first, with ordinary names, so that growth later is none of theirs.
for (let index = 0; index < fillNames; index++) {
  const packet = makeQuery({ name: `n${index}.example.test`, edns: 1_232, dnssecOk: true });
  for (let turn = 0; turn < 2; turn++, extra++) {
    if ((await ask({ packet, source: 'tcp', clientIp: `10.0.${index >> 8}.${index & 255}` })) !== undefined) answers++;
  }
}
for (let index = 1; index <= packets; index++) {
  const query = nextQuery(below);
  const from = performance.now();
  const answer = await ask(query);
  const tookMs = performance.now() - from;
  if (answer !== undefined) {
    answers++;
    if (answer.readUInt16BE(0) !== query.packet.readUInt16BE(0) || (answer[2]! & 0x80) === 0) {
      throw new Error(`seed ${values.seed}, packet ${index}: no answer to ${query.packet.toString('hex')}`);
    }
  }
  if (tookMs > slowestMsMax) {
    extra += await slow.confirm(tookMs, query.packet, async () => {
      if ((await ask(query)) !== undefined) answers++;
    });
  } else slow.seen(tookMs);
  if (index % sampleEvery === 0) {
    growth.sample(index);
    report(index);
  }
}
const { received, answered } = server.stats.getTotals();
if (received !== packets + extra || answered !== answers) {
  throw new Error(`${packets + extra} packets and ${answers} answers, counted as ${received} and ${answered}`);
}
await server.stop();
assertLaws(server);
if (!judgeGrowth(growth) || slow.count > 0) process.exitCode = 1;

function report(done: number): void {
  const { user, system } = process.cpuUsage(cpuStart);
  const rate = Math.round(done / ((user + system) / 1e6));
  console.log(`${done} packets, ${rate} per CPU second, ${answers} answers, ${slow.toString()}, ${growth.last()}`);
}
