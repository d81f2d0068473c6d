// The same comparison as dnsperf sees it: queries per second, the server alone on its core.
import { interleave, type ISide, paired } from '../harness/interleave.ts';
import { otherCore, runPinned } from '../harness/load.ts';
import { progress } from '../harness/print.ts';
import { makeRow, missingPeerRow } from '../harness/rows.ts';
import type { IRunningServer } from '../harness/server.ts';
import { findProgram } from '../harness/tools.ts';
import type { IBenchRow, ISuiteOptions } from '../harness/types.ts';
import { dns2OldPeer, echoPeer, oursPeer } from './peers.ts';
import type { IDnsSide } from './rows.ts';
import { queryFile, sideName, startSide } from './sides.ts';
import { upstreamPeer } from './upstream.ts';

const ROW = 'dnsperf, A, 1 handler';
const UNIT = 'queries/s';
const OUTSTANDING = 100;
const CLIENTS = 4;

/** The rate that dnsperf reports; lost queries make the round invalid. */
export function parseDnsperf(output: string): { perSecond: number; completed: number; lost: number; sent: number } {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  return {
    perSecond: number(/Queries per second:\s+([\d.]+)/),
    sent: number(/Queries sent:\s+(\d+)/),
    completed: number(/Queries completed:\s+(\d+)/),
    lost: number(/Queries lost:\s+(\d+)/),
  };
}

export async function dnsperfRows(options: ISuiteOptions): Promise<IBenchRow[]> {
  progress(`dns: ${ROW}`);
  const dnsperf = findProgram('dnsperf');
  if (dnsperf === undefined) {
    return [missingPeerRow('dns', ROW, UNIT, 'dnsperf', 'scripts/install-bench-peers installs it')];
  }
  const seconds = options.quick ? 1 : 3;
  const ours: IDnsSide = { peer: oursPeer(), handlers: 1 };
  const others: IDnsSide[] = [
    { peer: echoPeer, handlers: 1, goal: { atLeast: 0.75 } },
    { peer: dns2OldPeer, handlers: 1, goal: { atLeast: 10 } },
    { peer: upstreamPeer, handlers: 1, goal: { atLeast: 4 } },
  ];
  const servers: IRunningServer[] = [];
  const sides: Array<ISide<number>> = [];
  const file = queryFile(ours, (name) => `${name} A`);
  try {
    for (const side of [ours, ...others].filter((side) => side.peer.version() !== undefined)) {
      try {
        const { server, scenario } = await startSide(side);
        servers.push(server);
        const args = ['-s', '127.0.0.1', '-p', String(scenario.port), '-d', file, '-T', '1'];
        args.push('-c', String(CLIENTS), '-q', String(OUTSTANDING), '-l', String(seconds));
        const measure = async (): Promise<number> =>
          parseDnsperf(await runPinned(dnsperf, args, seconds, otherCore(server))).perSecond;
        await measure();
        sides.push({ name: side === ours ? 'ours' : sideName(side), measure });
      } catch (error) {
        progress(`  ${ROW}, ${side.peer.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const results = await interleave(ROW, sides, options.rounds);
    return others.map((side) => {
      if (side.peer.version() === undefined) return missingPeerRow('dns', ROW, UNIT, sideName(side), side.peer.remedy);
      const theirs = results.get(sideName(side));
      const pairs = paired(results.get('ours'), theirs, (rate) => rate);
      const alone = (theirs?.values ?? []).filter((value) => value !== undefined);
      const peerValues = pairs.peer.length > 0 ? pairs.peer : alone;
      return makeRow({
        suite: 'dns',
        row: ROW,
        unit: UNIT,
        ours: pairs.ours,
        peer: sideName(side),
        peerValues,
        goal: side.goal,
      });
    });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
