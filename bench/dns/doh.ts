// DNS over HTTPS with h2load: POST, keep-alive, HTTP/2 for ours; upstream knows HTTP/1.1 alone.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds } from '../harness/cpu.ts';
import { interleave, type ISide, paired } from '../harness/interleave.ts';
import { otherCore, runPinned } from '../harness/load.ts';
import { scratchFolder } from '../harness/paths.ts';
import { progress } from '../harness/print.ts';
import { makeRow, missingPeerRow } from '../harness/rows.ts';
import type { IRunningServer } from '../harness/server.ts';
import { findProgram } from '../harness/tools.ts';
import type { IBenchRow, ISuiteOptions } from '../harness/types.ts';
import { oursPeer } from './peers.ts';
import type { IDnsSide } from './rows.ts';
import { queriedNames } from './scenario.ts';
import { startSide } from './sides.ts';
import { upstreamPeer } from './upstream.ts';

const ROW = 'DoH, A, 1 handler';
const UNIT = 'queries/CPU s';
const REQUESTS = 30_000;
const REQUESTS_QUICK = 6_000;
const SECONDS_MAX = 30;

function writeQuery(): string {
  const labels = queriedNames(1)[0]!
    .split('.')
    .map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const file = join(scratchFolder('doh'), 'query');
  writeFileSync(
    file,
    Buffer.concat([Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 1, 0, 1])]),
  );
  return file;
}

export async function dohRows(options: ISuiteOptions): Promise<IBenchRow[]> {
  progress(`dns: ${ROW}`);
  const h2load = findProgram('h2load');
  if (h2load === undefined) {
    return [missingPeerRow('dns', ROW, UNIT, 'h2load', 'scripts/install-bench-peers installs it')];
  }
  const body = writeQuery();
  const requests = options.quick ? REQUESTS_QUICK : REQUESTS;
  const servers: IRunningServer[] = [];
  const sides: Array<ISide<number>> = [];
  const add = async (name: string, side: IDnsSide, protocol: readonly string[]): Promise<void> => {
    try {
      const { server, scenario } = await startSide(side, true);
      servers.push(server);
      const url = `https://127.0.0.1:${scenario.httpsPort}/dns-query`;
      const args = [
        ...protocol,
        '-n',
        String(requests),
        '-d',
        body,
        '-H',
        'content-type: application/dns-message',
        url,
      ];
      const measure = async (): Promise<number> => {
        const before = cpuSeconds(server.pid);
        const output = await runPinned(h2load, args, SECONDS_MAX, otherCore(server));
        const done = Number(/(\d+) 2xx/.exec(output)?.[1] ?? 0);
        if (done !== requests) throw new Error(`${done} of ${requests} requests were answered`);
        return done / (cpuSeconds(server.pid) - before);
      };
      await measure();
      sides.push({ name, measure });
    } catch (error) {
      progress(`  ${ROW}, ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const rows: IBenchRow[] = [];
  try {
    await add('ours h2', { peer: oursPeer(), handlers: 1 }, ['-c', '8', '-m', '8']);
    await add('ours h1', { peer: oursPeer(), handlers: 1 }, ['--h1', '-c', '32']);
    const upstream = upstreamPeer.version();
    if (upstream !== undefined) await add('upstream h1', { peer: upstreamPeer, handlers: 1 }, ['--h1', '-c', '32']);
    const results = await interleave(ROW, sides, options.rounds);
    for (const [name, label] of [
      ['ours h2', 'HTTP/2'],
      ['ours h1', 'HTTP/1.1'],
    ] as const) {
      const row = `${ROW}, ${label}`;
      const peer = `upstream ${upstream ?? ''} (HTTP/1.1)`;
      if (upstream === undefined) {
        const ours = (results.get(name)?.values ?? []).filter((value) => value !== undefined);
        const missing = missingPeerRow('dns', row, UNIT, peer, upstreamPeer.remedy);
        rows.push({ ...makeRow({ suite: 'dns', row, unit: UNIT, ours, peer }), note: missing.note });
        continue;
      }
      const pairs = paired(results.get(name), results.get('upstream h1'), (rate) => rate);
      rows.push(makeRow({ suite: 'dns', row, unit: UNIT, ours: pairs.ours, peer, peerValues: pairs.peer }));
    }
    return rows;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
