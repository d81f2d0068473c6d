// What counting costs: the same build with the counting taken out stands as the peer.
import { pathToFileURL } from 'node:url';
import { interleave, type ISide, paired } from '../harness/interleave.ts';
import { type IMeasurement, type IWarmUp, measure, warmUp } from '../harness/load.ts';
import { progress } from '../harness/print.ts';
import { makeRow } from '../harness/rows.ts';
import type { IRunningServer } from '../harness/server.ts';
import { buildTool } from '../harness/tools.ts';
import type { IBenchRow, ISuiteOptions } from '../harness/types.ts';
import type { IEnvironment } from './environment.ts';
import { type IProxyPeer, oursPeer } from './peers.ts';
import { COUNTING_GOAL } from './rows.ts';
import { BENCH_HOST } from './scenario.ts';
import { makeUncounted } from './uncounted.ts';

const ROW = 'cost of counting, keep-alive, small response';
/** Two per cent are hard to see: longer loads than elsewhere, and in every round more than one. */
const LOAD_SECONDS = 3;
const LOAD_SECONDS_QUICK = 1;
const LOADS = 3;
const LOADS_QUICK = 1;
const WARM_UP: IWarmUp = { seconds: 2, units: 150_000, loadsMax: 6 };
const WARM_UP_QUICK: IWarmUp = { seconds: 1, units: 20_000, loadsMax: 1 };
const UNCOUNTED = 'ours, counting taken out';

interface IPairs {
  readonly ours: number[];
  readonly peer: number[];
}

/** One round: both sides in processes of their own, as where compiled code comes to lie in one is worth a per cent or two. */
async function measureRound(environment: IEnvironment, peers: readonly IProxyPeer[], quick: boolean): Promise<IPairs> {
  const servers: IRunningServer[] = [];
  try {
    const tool = buildTool('http');
    const sides: Array<ISide<IMeasurement>> = [];
    for (const peer of peers) {
      const { server, port } = await environment.start(peer, 'http', 'http');
      servers.push(server);
      const args = ['--port', String(port), '--name', BENCH_HOST, '--conns', '64'];
      await warmUp(server, tool, args, quick ? WARM_UP_QUICK : WARM_UP);
      const seconds = quick ? LOAD_SECONDS_QUICK : LOAD_SECONDS;
      sides.push({ name: peer.name, measure: () => measure(server, tool, args, seconds) });
    }
    const results = await interleave(ROW, sides, quick ? LOADS_QUICK : LOADS);
    return paired(results.get('ours'), results.get(UNCOUNTED), (measured) => measured.cpuUs);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

export async function countingRow(environment: IEnvironment, options: ISuiteOptions): Promise<IBenchRow[]> {
  progress(`proxy: ${ROW}`);
  const both = { suite: 'proxy', row: ROW, unit: 'µs/request', peer: UNCOUNTED, goal: COUNTING_GOAL };
  try {
    const { entry, statements } = makeUncounted();
    const peers = [
      oursPeer('ours', { silent: true }),
      oursPeer(UNCOUNTED, { silent: true, sources: pathToFileURL(entry).href }),
    ];
    const pairs: IPairs = { ours: [], peer: [] };
    for (let round = 0; round < options.rounds; round += 1) {
      const turned = round % 2 === 0 ? peers : peers.toReversed();
      const { ours, peer } = await measureRound(environment, turned, options.quick);
      pairs.ours.push(...ours);
      pairs.peer.push(...peer);
    }
    const note = `${statements} statements taken out; no listeners on either side`;
    return [makeRow({ ...both, ours: pairs.ours, peerValues: pairs.peer, note })];
  } catch (error) {
    const note = `not measured: ${error instanceof Error ? error.message : String(error)}`;
    return [makeRow({ ...both, ours: [], note })];
  }
}
