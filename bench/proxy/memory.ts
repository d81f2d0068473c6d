// Memory per 10,000 idle keep-alive connections, each of which has made one request.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { residentBytes } from '../harness/cpu.ts';
import { interleave, type ISide, paired } from '../harness/interleave.ts';
import { runLoad } from '../harness/load.ts';
import { progress } from '../harness/print.ts';
import { makeRow, missingPeerRow } from '../harness/rows.ts';
import { LOAD_CORE, pause, pinned } from '../harness/server.ts';
import { buildTool } from '../harness/tools.ts';
import { type IBenchRow, type ISuiteOptions, takesPart } from '../harness/types.ts';
import type { IEnvironment } from './environment.ts';
import { type IProxyPeer, nodeProxies, oursPeer, systemProxies, undiciPeer } from './peers.ts';
import { BENCH_HOST } from './scenario.ts';

const ROW = 'memory, idle keep-alive connections';
const UNIT = 'MiB/10,000';
/** HAProxy wants two descriptors for each connection, and a process may have 20,000 on a common machine. */
const CONNECTIONS = 9_500;
const OPEN_SECONDS = 15;
/** Time for buffers to be given back and for a collection to run. */
const SETTLE_MS = 1_000;

async function measureMemory(environment: IEnvironment, peer: IProxyPeer): Promise<number> {
  const { server, port } = await environment.start(peer, 'http', 'http');
  try {
    const tool = buildTool('http');
    const args = ['--port', String(port), '--name', BENCH_HOST];
    // What a server needs once, code compiled on first use included, is not part of a connection.
    await runLoad(tool, [...args, '--conns', '64', '--seconds', '0.5'], 1);
    await pause(SETTLE_MS);
    const before = residentBytes(server.pid);
    const idle = [...args, '--idle', '--conns', String(CONNECTIONS), '--seconds', String(OPEN_SECONDS)];
    const [command, commandArgs] = pinned(LOAD_CORE, tool, idle);
    const child = spawn(command, commandArgs, { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const report = JSON.parse(line) as { done: number; firstError: string };
    if (report.done !== CONNECTIONS) {
      child.kill();
      throw new Error(
        `${peer.name}: ${report.done} of ${CONNECTIONS} connections were answered (${report.firstError})`,
      );
    }
    await pause(SETTLE_MS);
    const used = residentBytes(server.pid) - before;
    child.stdin.end();
    await once(child, 'exit');
    return (used / CONNECTIONS) * 10_000;
  } finally {
    await server.stop();
  }
}

export async function memoryRows(environment: IEnvironment, options: ISuiteOptions): Promise<IBenchRow[]> {
  progress(`proxy: ${ROW}`);
  const all = options.quick ? [...systemProxies, undiciPeer] : [...systemProxies, ...nodeProxies, undiciPeer];
  const others = all.filter((peer) => takesPart(options, peer.name));
  const present = [oursPeer(), ...others].filter((peer) => peer.version() !== undefined);
  const sides: Array<ISide<number>> = present.map((peer) => ({
    name: peer.name,
    measure: () => measureMemory(environment, peer),
  }));
  // Memory hardly varies between rounds; each takes a fresh process.
  const results = await interleave(ROW, sides, options.quick ? 1 : Math.min(options.rounds, 3));
  const mebibytes = (bytes: number): number => bytes / (1 << 20);
  return others.map((peer) => {
    if (peer.version() === undefined) return missingPeerRow('proxy', ROW, UNIT, peer.name, peer.remedy);
    const theirs = results.get(peer.name);
    const pairs = paired(results.get('ours'), theirs, mebibytes);
    const alone = (theirs?.values ?? []).filter((entry) => entry !== undefined).map(mebibytes);
    return makeRow({
      suite: 'proxy',
      row: ROW,
      unit: UNIT,
      ours: pairs.ours,
      peer: `${peer.name} ${peer.version() ?? ''}`,
      peerValues: pairs.peer.length > 0 ? pairs.peer : alone,
      note: `${CONNECTIONS} connections, the most that 20,000 descriptors leave HAProxy room for, scaled to 10,000`,
    });
  });
}
