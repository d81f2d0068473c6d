// `npm run bench -- proxy`: ours beside HAProxy, nginx, Caddy and the Node proxies.
import { interleave, type ISide, type ISideResult, paired } from '../harness/interleave.ts';
import { type IMeasurement, type IWarmUp, measure, warmUp } from '../harness/load.ts';
import { progress } from '../harness/print.ts';
import { type IGoal, makeRow, median, missingPeerRow } from '../harness/rows.ts';
import type { IRunningServer } from '../harness/server.ts';
import { buildTool, hasTlsLoad } from '../harness/tools.ts';
import { type IBenchRow, type ISuite, type ISuiteOptions, takesPart } from '../harness/types.ts';
import { countingRow } from './counting.ts';
import { type IEnvironment, openEnvironment } from './environment.ts';
import { memoryRows } from './memory.ts';
import { type IProxyPeer, nodeProxies, oursOnHandles, oursPeer, pipePeer, systemProxies, undiciPeer } from './peers.ts';
import { type IProxyRow, proxyRows } from './rows.ts';
import { BENCH_HOST } from './scenario.ts';

const SUITE = 'proxy';
const LOAD_SECONDS = 2;
const LOAD_SECONDS_QUICK = 0.4;
const WARM_UP: IWarmUp = { seconds: 1, units: 60_000, loadsMax: 8 };
const WARM_UP_QUICK: IWarmUp = { seconds: 0.4, units: 10_000, loadsMax: 1 };

/** Peers of a row, ours first. */
function peersOf(row: IProxyRow, options: ISuiteOptions): IProxyPeer[] {
  const others: IProxyPeer[] = systemProxies.filter((peer) => peer.kinds.includes(row.kind));
  if (row.node === 'all') others.push(...nodeProxies, undiciPeer);
  // @fastify/http-proxy wants another package for WebSockets; the http-proxy family stands for Node here.
  if (row.node === 'websocket') others.push(...nodeProxies.slice(0, 3));
  if (row.node === 'pipe') others.push(pipePeer);
  if (row.kind === 'https') others.push(undiciPeer);
  others.push(oursOnHandles);
  return [oursPeer(), ...others.filter((peer) => takesPart(options, peer.name))];
}

const label = (peer: IProxyPeer): string => `${peer.name} ${peer.version() ?? ''}`.trim();

function noteOf(ours: ISideResult<IMeasurement> | undefined, theirs: ISideResult<IMeasurement> | undefined): string {
  const rate = (result: ISideResult<IMeasurement> | undefined): string => {
    const measured = (result?.values ?? []).filter((value) => value !== undefined);
    if (measured.length === 0) return result?.failure ?? 'not measured';
    const perSecond = median(measured.map((value) => value.perSecond));
    return `${perSecond.toFixed(0)}/s p99 ${median(measured.map((value) => value.p99us)).toFixed(0)} µs`;
  };
  return `ours ${rate(ours)}; peer ${rate(theirs)}`;
}

/** The npm package with the lowest median. */
function bestNodeProxy(
  results: Map<string, ISideResult<IMeasurement>>,
  value: (measured: IMeasurement) => number,
): IProxyPeer | undefined {
  let best: IProxyPeer | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  for (const peer of nodeProxies) {
    const measured = (results.get(peer.name)?.values ?? []).filter((entry) => entry !== undefined);
    const middle = median(measured.map(value));
    if (middle < lowest) {
      lowest = middle;
      best = peer;
    }
  }
  return best;
}

function rowsOf(
  row: IProxyRow,
  peers: readonly IProxyPeer[],
  results: Map<string, ISideResult<IMeasurement>>,
): IBenchRow[] {
  const value = row.value ?? ((measured: IMeasurement): number => measured.cpuUs);
  const ours = results.get('ours');
  const compare = (peer: IProxyPeer, name: string, goal: IGoal | undefined): IBenchRow => {
    const theirs = results.get(peer.name);
    const pairs = paired(ours, theirs, value);
    const alone = (theirs?.values ?? []).filter((entry) => entry !== undefined).map(value);
    const note = noteOf(ours, theirs);
    // Without ours the peers still say what the machine does.
    const peerValues = pairs.peer.length > 0 ? pairs.peer : alone;
    return makeRow({
      suite: SUITE,
      row: row.name,
      unit: row.unit,
      ours: pairs.ours,
      peer: name,
      peerValues,
      goal,
      note,
    });
  };
  const rows: IBenchRow[] = [];
  for (const peer of peers.filter((peer) => peer.name !== 'ours')) {
    if (peer.version() === undefined) {
      rows.push(missingPeerRow(SUITE, row.name, row.unit, peer.name, peer.remedy));
    } else {
      rows.push(compare(peer, label(peer), row.goals[peer.name]));
    }
  }
  const goal = row.goals['best Node proxy'];
  const best = goal === undefined ? undefined : bestNodeProxy(results, value);
  if (best) rows.push(compare(best, `best Node proxy (${label(best)})`, goal));
  return rows;
}

async function runRow(environment: IEnvironment, row: IProxyRow, options: ISuiteOptions): Promise<IBenchRow[]> {
  const peers = peersOf(row, options);
  const tool = buildTool(row.tool);
  const seconds = options.quick ? LOAD_SECONDS_QUICK : LOAD_SECONDS;
  const servers: IRunningServer[] = [];
  const sides: Array<ISide<IMeasurement>> = [];
  const failed = new Map<string, string>();
  try {
    const present = peers.filter((peer) => peer.version() !== undefined);
    const starts = present.map((peer) => environment.start(peer, row.kind, row.backend));
    const started = await Promise.allSettled(starts);
    for (const start of started) if (start.status === 'fulfilled') servers.push(start.value.server);
    for (const [index, peer] of present.entries()) {
      try {
        const { server, port } = await starts[index]!;
        const args = ['--port', String(port), '--name', BENCH_HOST, ...row.args];
        await warmUp(server, tool, args, options.quick ? WARM_UP_QUICK : WARM_UP);
        sides.push({ name: peer.name, measure: () => measure(server, tool, args, seconds) });
      } catch (error) {
        failed.set(peer.name, error instanceof Error ? error.message : String(error));
        progress(`  ${row.name}, ${peer.name}: ${failed.get(peer.name)}`);
      }
    }
    const results = await interleave(row.name, sides, options.rounds);
    for (const [name, failure] of failed) results.set(name, { values: [], failure });
    return rowsOf(row, peers, results);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function run(options: ISuiteOptions): Promise<IBenchRow[]> {
  const wanted = (name: string): boolean => options.only === undefined || name.includes(options.only);
  const environment = await openEnvironment();
  const rows: IBenchRow[] = [];
  try {
    for (const row of proxyRows.filter((row) => wanted(row.name))) {
      progress(`proxy: ${row.name}`);
      if (row.args.includes('--tls') && !hasTlsLoad()) {
        rows.push(
          missingPeerRow(SUITE, row.name, row.unit, 'load tool', 'libssl-dev; scripts/install-bench-peers installs it'),
        );
        continue;
      }
      rows.push(...(await runRow(environment, row, options)));
    }
    if (wanted('memory')) rows.push(...(await memoryRows(environment, options)));
    if (wanted('counting')) rows.push(...(await countingRow(environment, options)));
  } finally {
    await environment.close();
  }
  return rows;
}

export const suite: ISuite = { name: SUITE, run };
