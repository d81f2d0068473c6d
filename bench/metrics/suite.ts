// What counting and exposing cost, ours beside the libraries that Node applications use.
//
// Every measurement runs in a process of its own, so that no library sees code that was compiled for another. What is
// compared is CPU time; ours and the peers take turns within a round.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { interleave, paired } from '../harness/interleave.ts';
import type { ISideResult } from '../harness/interleave.ts';
import { progress } from '../harness/print.ts';
import { makeRow, missingPeerRow } from '../harness/rows.ts';
import type { IGoal } from '../harness/rows.ts';
import type { IBenchRow, ISuite, ISuiteOptions } from '../harness/types.ts';
import { libraries, versionOf } from './libraries.ts';
import type { IMeasured } from './work.ts';

const SUITE = 'metrics';
const WORK_TIMEOUT_MS = 120_000;
const [OURS = '', ...PEERS] = Object.keys(libraries);
const run = promisify(execFile);

/** One comparison with every peer: a task of ours against a task of theirs. */
interface IRow {
  readonly row: string;
  readonly unit: string;
  readonly ours: string;
  readonly peers: string;
  /** Read from what was measured; larger or smaller is better as the goal says. */
  readonly value: (measured: IMeasured) => number;
  readonly goal?: IGoal;
  /** Says both sides' medians in the unit that people think in. */
  readonly note?: (measured: IMeasured) => string;
}

const NS_PER_MICRO = 1_000;
const speed = (measured: IMeasured): number => NS_PER_MICRO / measured.nsPerOperation!;
const nanoseconds = (measured: IMeasured): string => `${measured.nsPerOperation!.toFixed(2)} ns`;
const lineSpeed = (measured: IMeasured): number => measured.lines! / measured.exposeMs!;
const exposition = (measured: IMeasured): string => `${measured.exposeMs!.toFixed(0)} ms for ${measured.lines!} lines`;
const operations = { unit: 'op/µs', value: speed, note: nanoseconds };
const pages = { unit: 'lines/ms', value: lineSpeed, note: exposition };

const rows: readonly IRow[] = [
  { row: 'inc, labels per call', ours: 'inc-labelled', peers: 'inc-labelled', ...operations, goal: { atLeast: 5 } },
  {
    row: 'inc, kept handle, peer with labels',
    ours: 'inc-kept',
    peers: 'inc-labelled',
    ...operations,
    goal: { atLeast: 60 },
  },
  {
    row: 'inc, kept handle, peer with bound child',
    ours: 'inc-kept',
    peers: 'inc-kept',
    ...operations,
    goal: { atLeast: 5 },
  },
  {
    row: 'observe, labels per call',
    ours: 'observe-labelled',
    peers: 'observe-labelled',
    ...operations,
    goal: { atLeast: 5 },
  },
  {
    row: 'observe, kept handle, peer with labels',
    ours: 'observe-kept',
    peers: 'observe-labelled',
    ...operations,
    goal: { atLeast: 20 },
  },
  { row: 'observe, kept handle, peer with bound child', ours: 'observe-kept', peers: 'observe-kept', ...operations },
  {
    row: 'page of 100,000 counters',
    ours: 'expose-counters',
    peers: 'expose-counters',
    ...pages,
    goal: { atLeast: 3.5 },
  },
  {
    row: 'page of 100,000 histogram lines',
    ours: 'expose-histograms',
    peers: 'expose-histograms',
    ...pages,
    goal: { atLeast: 3.5 },
  },
  {
    row: 'longest hold of the event loop, 100,000 counters',
    unit: 'ms',
    ours: 'expose-counters',
    peers: 'expose-counters',
    value: (measured) => measured.holdMs!,
    goal: { atMost: 10, absolute: true },
  },
  {
    row: 'memory per labelled counter',
    unit: 'B',
    ours: 'expose-counters',
    peers: 'expose-counters',
    value: (measured) => measured.bytesPerSeries!,
    goal: { atMost: 1 },
  },
  {
    row: 'memory per histogram of 13 buckets',
    unit: 'B',
    ours: 'expose-histograms',
    peers: 'expose-histograms',
    value: (measured) => measured.bytesPerSeries!,
    goal: { atMost: 1 },
  },
];

/** OpenTelemetry has no bound instruments. */
function canDo(library: string, task: string): boolean {
  return library !== '@opentelemetry/sdk-metrics' || !task.endsWith('-kept');
}

async function measure(library: string, task: string, quick: boolean): Promise<IMeasured> {
  const args = [...process.execArgv, '--expose-gc', join(import.meta.dirname, 'work.ts'), library, task];
  if (quick) args.push('quick');
  const { stdout } = await run(process.execPath, args, { timeout: WORK_TIMEOUT_MS, maxBuffer: 1e6 });
  return JSON.parse(stdout) as IMeasured;
}

type TResults = Map<string, Map<string, ISideResult<IMeasured>>>;

async function measureAll(
  wanted: readonly IRow[],
  peers: readonly string[],
  options: ISuiteOptions,
): Promise<TResults> {
  const tasks = new Map<string, Set<string>>();
  for (const row of wanted) {
    const byTask = (task: string) => tasks.get(task) ?? tasks.set(task, new Set()).get(task)!;
    byTask(row.ours).add(OURS);
    for (const peer of peers) if (canDo(peer, row.peers)) byTask(row.peers).add(peer);
  }
  const results: TResults = new Map();
  // A round is one pass over everything, so that a slow minute of the machine hits ours and the peers alike.
  const sides = [...tasks].flatMap(([task, names]) =>
    [...names].map((library) => ({ name: `${task} ${library}`, measure: () => measure(library, task, options.quick) })),
  );
  progress(`metrics: ${sides.length} processes per round`);
  const measured = await interleave(SUITE, sides, options.rounds);
  for (const [task, names] of tasks) {
    results.set(task, new Map([...names].map((library) => [library, measured.get(`${task} ${library}`)!])));
  }
  return results;
}

function middle(result: ISideResult<IMeasured> | undefined, row: IRow): IMeasured | undefined {
  const present = (result?.values ?? []).filter((value) => value !== undefined);
  return present.sort((one, other) => row.value(one) - row.value(other))[present.length >> 1];
}

function rowsOf(row: IRow, results: TResults, peers: readonly string[]): IBenchRow[] {
  const mine = results.get(row.ours)?.get(OURS);
  return peers
    .filter((peer) => canDo(peer, row.peers))
    .map((peer) => {
      const theirs = results.get(row.peers)?.get(peer);
      const values = paired(mine, theirs, row.value);
      const [myMiddle, theirMiddle] = [middle(mine, row), middle(theirs, row)];
      const note =
        row.note !== undefined && myMiddle !== undefined && theirMiddle !== undefined
          ? `${row.note(myMiddle)}, peer ${row.note(theirMiddle)}`
          : undefined;
      return makeRow({
        suite: SUITE,
        row: row.row,
        unit: row.unit,
        ours: values.ours,
        peer: `${peer} ${versionOf(peer)}`,
        peerValues: values.peer,
        goal: row.goal,
        note,
      });
    });
}

/** The absolute goal for a kept handle. */
function absoluteRow(results: TResults): IBenchRow[] {
  const values = results.get('inc-kept')?.get(OURS)?.values ?? [];
  const ours = values.flatMap((value) => (value === undefined ? [] : [value.nsPerOperation!]));
  if (ours.length === 0) return [];
  return [
    makeRow({
      suite: SUITE,
      row: 'inc, kept handle',
      unit: 'ns',
      ours,
      peer: '–',
      goal: { atMost: 5, absolute: true },
    }),
  ];
}

async function runSuite(options: ISuiteOptions): Promise<IBenchRow[]> {
  const wanted = rows.filter(({ row }) => options.only === undefined || row.includes(options.only));
  const present = PEERS.filter((peer) => versionOf(peer) !== undefined);
  const missing = PEERS.filter((peer) => !present.includes(peer));
  const results = await measureAll(wanted, present, options);
  return [
    ...absoluteRow(results),
    ...wanted.flatMap((row) => rowsOf(row, results, present)),
    ...missing.map((peer) => missingPeerRow(SUITE, 'every row', '', peer, `install ${peer} in bench/package.json`)),
  ];
}

export const suite: ISuite = { name: SUITE, run: runSuite };
