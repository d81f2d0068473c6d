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
import { oursPeer } from './peers.ts';
import { COUNTING_GOAL } from './rows.ts';
import { BENCH_HOST } from './scenario.ts';
import { makeUncounted } from './uncounted.ts';

const ROW = 'cost of counting, keep-alive, small response';
/** Two per cent are hard to see: longer loads and more rounds than elsewhere. */
const LOAD_SECONDS = 3;
const LOAD_SECONDS_QUICK = 1;
const ROUNDS_FACTOR = 3;
const ROUNDS_FACTOR_QUICK = 1;
const WARM_UP: IWarmUp = { seconds: 2, units: 150_000, loadsMax: 6 };
const WARM_UP_QUICK: IWarmUp = { seconds: 1, units: 20_000, loadsMax: 1 };

export async function countingRow(environment: IEnvironment, options: ISuiteOptions): Promise<IBenchRow[]> {
  progress(`proxy: ${ROW}`);
  const servers: IRunningServer[] = [];
  try {
    const { entry, statements } = makeUncounted();
    const uncounted = 'ours, counting taken out';
    const peers = [
      oursPeer('ours', { silent: true }),
      oursPeer(uncounted, { silent: true, sources: pathToFileURL(entry).href }),
    ];
    const tool = buildTool('http');
    const seconds = options.quick ? LOAD_SECONDS_QUICK : LOAD_SECONDS;
    const sides: Array<ISide<IMeasurement>> = [];
    for (const peer of peers) {
      const { server, port } = await environment.start(peer, 'http', 'http');
      servers.push(server);
      const args = ['--port', String(port), '--name', BENCH_HOST, '--conns', '64'];
      await warmUp(server, tool, args, options.quick ? WARM_UP_QUICK : WARM_UP);
      sides.push({ name: peer.name, measure: () => measure(server, tool, args, seconds) });
    }
    const results = await interleave(
      ROW,
      sides,
      options.rounds * (options.quick ? ROUNDS_FACTOR_QUICK : ROUNDS_FACTOR),
    );
    const pairs = paired(results.get('ours'), results.get(uncounted), (measured) => measured.cpuUs);
    const note = `${statements} statements taken out; no listeners on either side`;
    const both = { suite: 'proxy', row: ROW, unit: 'µs/request', ours: pairs.ours, peer: uncounted };
    return [makeRow({ ...both, peerValues: pairs.peer, goal: COUNTING_GOAL, note })];
  } catch (error) {
    const note = `not measured: ${error instanceof Error ? error.message : String(error)}`;
    return [
      makeRow({
        suite: 'proxy',
        row: ROW,
        unit: 'µs/request',
        ours: [],
        peer: 'ours, counting taken out',
        goal: COUNTING_GOAL,
        note,
      }),
    ];
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
