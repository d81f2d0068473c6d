// `npm run bench -- dns`: ours beside Node's limit, the npm servers, upstream, Knot and NSD.
import { interleave, type ISide, type ISideResult, paired } from '../harness/interleave.ts';
import { type IMeasurement, type IWarmUp, measure, warmUp } from '../harness/load.ts';
import { progress } from '../harness/print.ts';
import { makeRow, median, missingPeerRow } from '../harness/rows.ts';
import type { IRunningServer } from '../harness/server.ts';
import { buildTool } from '../harness/tools.ts';
import { type IBenchRow, type ISuite, type ISuiteOptions, takesPart } from '../harness/types.ts';
import { dnsperfRows } from './dnsperf.ts';
import { dohRows } from './doh.ts';
import { type IDnsRow, type IDnsSide, dnsRows } from './rows.ts';
import { queryFile, sideName, startSide } from './sides.ts';

const SUITE = 'dns';
const UNIT = 'queries/CPU s';
const LOAD_SECONDS = 2;
const LOAD_SECONDS_QUICK = 0.6;
const WARM_UP: IWarmUp = { seconds: 1, units: 150_000, loadsMax: 6 };
const WARM_UP_QUICK: IWarmUp = { seconds: 0.6, units: 20_000, loadsMax: 2 };

function noteOf(mine: ISideResult<IMeasurement> | undefined, theirs: ISideResult<IMeasurement> | undefined): string {
  const rate = (result: ISideResult<IMeasurement> | undefined): string => {
    const values = (result?.values ?? []).filter((value) => value !== undefined);
    if (values.length === 0) return result?.failure ?? 'not measured';
    const [perSecond, p99us, cpuUs] = (['perSecond', 'p99us', 'cpuUs'] as const).map((key) =>
      median(values.map((value) => value[key])),
    );
    return `${perSecond!.toFixed(0)} q/s, ${cpuUs!.toFixed(2)} µs/query, p99 ${p99us!.toFixed(0)} µs`;
  };
  return `ours ${rate(mine)}; peer ${rate(theirs)}`;
}

const perCpuSecond = (measured: IMeasurement): number => measured.done / measured.cpuSeconds;

async function runRow(whole: IDnsRow, options: ISuiteOptions): Promise<IBenchRow[]> {
  const row = { ...whole, others: whole.others.filter((side) => takesPart(options, sideName(side))) };
  const tool = buildTool('dns');
  const servers: IRunningServer[] = [];
  const sides: Array<ISide<IMeasurement>> = [];
  const failures = new Map<string, string>();
  const present = [row.ours, ...row.others].filter((side) => side.peer.version() !== undefined);
  const nameOf = (side: IDnsSide): string => (side === row.ours ? 'ours' : sideName(side));
  try {
    for (const side of present) {
      try {
        const { server, scenario } = await startSide(side);
        servers.push(server);
        const args = ['--port', String(scenario.port), '--queries', queryFile(side)];
        if (side.peer.echo === true) args.push('--echo');
        if (side.asksSigned === true) args.push('--do');
        await warmUp(server, tool, args, options.quick ? WARM_UP_QUICK : WARM_UP);
        const seconds = options.quick ? LOAD_SECONDS_QUICK : LOAD_SECONDS;
        sides.push({ name: nameOf(side), measure: () => measure(server, tool, args, seconds) });
      } catch (error) {
        failures.set(nameOf(side), error instanceof Error ? error.message : String(error));
        progress(`  ${row.name}, ${nameOf(side)}: ${failures.get(nameOf(side))}`);
      }
    }
    const results = await interleave(row.name, sides, options.rounds);
    for (const [name, failure] of failures) results.set(name, { values: [], failure });
    return row.others.map((side) => {
      if (side.peer.version() === undefined) {
        return missingPeerRow(SUITE, row.name, UNIT, sideName(side), side.peer.remedy);
      }
      const theirs = results.get(sideName(side));
      const pairs = paired(results.get('ours'), theirs, perCpuSecond);
      const alone = (theirs?.values ?? []).filter((value) => value !== undefined).map(perCpuSecond);
      return makeRow({
        suite: SUITE,
        row: row.name,
        unit: UNIT,
        ours: pairs.ours,
        peer: sideName(side),
        peerValues: pairs.peer.length > 0 ? pairs.peer : alone,
        goal: side.goal,
        note: noteOf(results.get('ours'), theirs),
      });
    });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function run(options: ISuiteOptions): Promise<IBenchRow[]> {
  const wanted = (name: string): boolean => options.only === undefined || name.includes(options.only);
  const rows: IBenchRow[] = [];
  for (const row of dnsRows.filter((row) => wanted(row.name))) {
    progress(`dns: ${row.name}`);
    rows.push(...(await runRow(row, options)));
  }
  if (wanted('dnsperf')) rows.push(...(await dnsperfRows(options)));
  if (wanted('DoH')) rows.push(...(await dohRows(options)));
  return rows;
}

export const suite: ISuite = { name: SUITE, run };
