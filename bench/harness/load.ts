// Runs one load tool against one server and says what a unit of work cost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpuSeconds } from './cpu.ts';
import { type IRunningServer, LOAD_CORE, SERVER_CORE, pinned } from './server.ts';

/** What every C load tool prints. */
export interface ILoadReport {
  readonly done: number;
  readonly errors: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly p50us: number;
  readonly p99us: number;
  readonly stalled: boolean;
  readonly firstError: string;
}

export interface IMeasurement extends ILoadReport {
  /** CPU seconds that the server's process tree used during the load. */
  readonly cpuSeconds: number;
  readonly perSecond: number;
  /** CPU microseconds per unit done. */
  readonly cpuUs: number;
}

/** A load of this length that has not ended by then is broken and is ended. */
const OVERTIME_MS = 20_000;

/** Runs a load tool, on the load core unless told otherwise, and parses its report. */
export async function runLoad(
  program: string,
  args: readonly string[],
  seconds: number,
  core: number = LOAD_CORE,
): Promise<ILoadReport> {
  const output = await runPinned(program, args, seconds, core);
  return JSON.parse(output) as ILoadReport;
}

/** Runs a program on a core and resolves to what it printed; it is ended when it overstays its time. */
export async function runPinned(
  program: string,
  args: readonly string[],
  seconds: number,
  core: number = LOAD_CORE,
): Promise<string> {
  const [command, commandArgs] = pinned(core, program, args);
  const child = spawn(command, commandArgs, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000 + OVERTIME_MS);
  await once(child, 'close');
  clearTimeout(timer);
  if (output === '') throw new Error(`${program} ${args.join(' ')}: ${errors || 'no report'}`);
  return output;
}

/** How long a server is loaded before it is measured. */
export interface IWarmUp {
  /** Length of one load, seconds. */
  readonly seconds: number;
  /** Loads are repeated until that many units are done: on a busy machine seconds alone leave code uncompiled. */
  readonly units: number;
  readonly loadsMax: number;
}

/** Loads a server without measuring, so that its code is compiled and its pools are filled. */
export async function warmUp(
  server: IRunningServer,
  program: string,
  args: readonly string[],
  plan: IWarmUp,
): Promise<void> {
  let done = 0;
  for (let loads = 0; loads < plan.loadsMax && done < plan.units; loads += 1) {
    const report = await runLoad(
      program,
      [...args, '--seconds', String(plan.seconds)],
      plan.seconds,
      otherCore(server),
    );
    done += report.done;
    // A server that answers nothing will not answer more: the measurement says so.
    if (report.done === 0) return;
  }
}

/** The core that a server leaves to its load. */
export function otherCore(server: IRunningServer): number {
  return server.core === SERVER_CORE ? LOAD_CORE : SERVER_CORE;
}

/** Share of failed units above which a measurement says nothing. */
const ERROR_SHARE_MAX = 0.001;

/** One measurement: the load's report beside the CPU time that the server took meanwhile. */
export async function measure(
  server: IRunningServer,
  program: string,
  args: readonly string[],
  seconds: number,
): Promise<IMeasurement> {
  const before = cpuSeconds(server.pid);
  const report = await runLoad(program, [...args, '--seconds', String(seconds)], seconds, otherCore(server));
  const used = cpuSeconds(server.pid) - before;
  if (report.stalled || report.done === 0 || report.errors > report.done * ERROR_SHARE_MAX) {
    throw new Error(
      `${server.name}: ${report.done} done, ${report.errors} errors (${report.firstError}), stalled ${report.stalled}`,
    );
  }
  return {
    ...report,
    cpuSeconds: used,
    perSecond: report.done / report.seconds,
    cpuUs: (used * 1e6) / report.done,
  };
}
