// Starts servers under test and backends, pinned to a core, and stops them again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { connect, createServer } from 'node:net';
import { findProgram } from './tools.ts';

/** The core of the server under test; backend, load and runner share the other. */
export const SERVER_CORE = 1;
export const LOAD_CORE = 0;

const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;

export interface IServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The server is ready when these TCP ports accept. */
  readonly tcpPorts?: readonly number[];
  /** The server is ready when it printed a line starting with this text. */
  readonly readyLine?: string;
  /** The server is ready when this resolves to true; for protocols other than TCP. */
  readonly probe?: () => Promise<boolean>;
  readonly core?: number;
}

export interface IRunningServer {
  readonly name: string;
  readonly pid: number;
  readonly core: number;
  /** First line on standard output, for servers that choose their own ports. */
  readonly firstLine: string;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// Without a listener these end the process at once, and the servers would outlive it.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/** `command` pinned to a core where the machine has two and taskset; else as it is. */
export function pinned(core: number, command: string, args: readonly string[]): [string, string[]] {
  const taskset = findProgram('taskset');
  if (taskset === undefined || availableParallelism() < 2) return [command, [...args]];
  return [taskset, ['-c', String(core), command, ...args]];
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

/** The line that says most about a failure: one naming an error, else the last. */
function telling(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /error|fatal|alert/i.test(line)) ?? lines.at(-1) ?? 'no output').slice(0, 300);
}

/** Starts a server and resolves when it is ready; its last output is in the error when it does not come up. */
export async function startServer(server: IServerCommand): Promise<IRunningServer> {
  const core = server.core ?? SERVER_CORE;
  const [command, args] = pinned(core, server.command, server.args);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...server.env },
  });
  running.add(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-65_536)));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4_096)));
  child.once('exit', () => running.delete(child));
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const lineSeen = (): boolean => server.readyLine === undefined || output.includes(server.readyLine);
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (failure) throw new Error(`${server.name} could not be started: ${failure.message}`);
    if (child.exitCode !== null)
      throw new Error(`${server.name} ended with ${child.exitCode}: ${telling(errors + output)}`);
    if (lineSeen()) {
      const ports = await Promise.all((server.tcpPorts ?? []).map(accepts));
      if (ports.every(Boolean) && (server.probe === undefined || (await server.probe()))) break;
    }
    if (Date.now() > deadline) {
      await stopChild(child);
      throw new Error(`${server.name} was not ready in ${READY_TIMEOUT_MS} ms: ${telling(errors + output)}`);
    }
    await pause(20);
  }
  return {
    name: server.name,
    // taskset replaces itself by the program, so this is the server's own process.
    pid: child.pid!,
    core,
    firstLine: output.split('\n')[0] ?? '',
    stop: () => stopChild(child),
  };
}
