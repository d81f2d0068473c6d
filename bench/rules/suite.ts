// `npm run bench -- rules`: what a decision among 1,000 rules costs, alone, in the proxy and in the DNS server.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { interleave, type ISide, paired } from '../harness/interleave.ts';
import { measure, warmUp } from '../harness/load.ts';
import { benchFolder } from '../harness/paths.ts';
import { progress } from '../harness/print.ts';
import { type IGoal, makeRow } from '../harness/rows.ts';
import type { IRunningServer } from '../harness/server.ts';
import { buildTool } from '../harness/tools.ts';
import type { IBenchRow, ISuite, ISuiteOptions } from '../harness/types.ts';
import { openEnvironment } from '../proxy/environment.ts';
import { nodeCommand, type IProxyPeer } from '../proxy/peers.ts';
import { BENCH_HOST } from '../proxy/scenario.ts';

const SUITE = 'rules';
const WORK_TIMEOUT_MS = 60_000;
const run = promisify(execFile);

/** A task of `work.ts` against another one, or against a goal alone. */
interface IRow {
  readonly row: string;
  readonly unit: string;
  readonly task: string;
  readonly peer: string;
  readonly peerTask?: string;
  readonly goal?: IGoal;
}

const rows: readonly IRow[] = [
  {
    row: 'decision, request, 1,000 rules',
    unit: 'ns',
    task: 'request',
    peer: '–',
    goal: { atMost: 2_000, absolute: true },
  },
  {
    row: 'decision, query, 1,000 rules',
    unit: 'ns',
    task: 'query',
    peer: '–',
    goal: { atMost: 1_000, absolute: true },
  },
  {
    row: 'decision, request, look-up',
    unit: 'ns',
    task: 'request',
    peer: 'every rule asked',
    peerTask: 'request-unindexed',
  },
  {
    row: 'DNS query from an image, 1,000 rules',
    unit: 'ns/query',
    task: 'dns-rules',
    peer: 'no rules',
    peerTask: 'dns-plain',
  },
];

async function work(task: string, seconds: number): Promise<number> {
  const args = [...process.execArgv, join(benchFolder, 'rules/work.ts'), task, String(seconds)];
  const { stdout } = await run(process.execPath, args, { timeout: WORK_TIMEOUT_MS });
  return (JSON.parse(stdout) as { ns: number }).ns;
}

async function workRow({ row, unit, task, peer, peerTask, goal }: IRow, options: ISuiteOptions): Promise<IBenchRow> {
  progress(`${SUITE}: ${row}`);
  const seconds = options.quick ? 0.5 : 2;
  const sides: Array<ISide<number>> = [{ name: 'ours', measure: () => work(task, seconds) }];
  if (peerTask !== undefined) sides.push({ name: peer, measure: () => work(peerTask, seconds) });
  const results = await interleave(row, sides, options.rounds);
  const both = { suite: SUITE, row, unit, peer, ...(goal && { goal }) };
  if (peerTask === undefined) {
    return makeRow({ ...both, ours: results.get('ours')!.values.filter((value) => value !== undefined) });
  }
  const pairs = paired(results.get('ours'), results.get(peer), (ns) => ns);
  return makeRow({ ...both, ours: pairs.ours, peerValues: pairs.peer });
}

function proxySide(name: string, env: Record<string, string>): IProxyPeer {
  return {
    name,
    kinds: ['http'],
    remedy: '',
    version: () => undefined,
    command(scenario) {
      const command = nodeCommand(name, join(benchFolder, 'rules/proxy.ts'), scenario);
      return { ...command, env: { ...command.env, ...env } };
    },
  };
}

const PROXY_ROW = 'keep-alive request, 1,000 rules';

async function proxyRow(options: ISuiteOptions): Promise<IBenchRow> {
  progress(`${SUITE}: ${PROXY_ROW}`);
  const environment = await openEnvironment();
  const servers: IRunningServer[] = [];
  const peer = 'no rules';
  const both = { suite: SUITE, row: PROXY_ROW, unit: 'µs/request', peer, goal: { atMost: 1.15 } };
  try {
    const tool = buildTool('http');
    const sides = [];
    for (const side of [proxySide('ours', { BENCH_RULES: '1' }), proxySide(peer, {})]) {
      const { server, port } = await environment.start(side, 'http', 'http');
      servers.push(server);
      const args = ['--port', String(port), '--name', BENCH_HOST, '--conns', '64'];
      await warmUp(server, tool, args, { seconds: 1, units: options.quick ? 20_000 : 100_000, loadsMax: 6 });
      sides.push({ name: side.name, measure: () => measure(server, tool, args, options.quick ? 0.5 : 2) });
    }
    const results = await interleave(PROXY_ROW, sides, options.rounds);
    const pairs = paired(results.get('ours'), results.get(peer), ({ cpuUs }) => cpuUs);
    return makeRow({ ...both, ours: pairs.ours, peerValues: pairs.peer });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await environment.close();
  }
}

async function runSuite(options: ISuiteOptions): Promise<IBenchRow[]> {
  const isWanted = (name: string): boolean => options.only === undefined || name.includes(options.only);
  const found: IBenchRow[] = [];
  for (const row of rows) if (isWanted(row.row)) found.push(await workRow(row, options));
  if (isWanted(PROXY_ROW)) found.push(await proxyRow(options));
  return found;
}

export const suite: ISuite = { name: SUITE, run: runSuite };
