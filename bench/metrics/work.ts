// One measurement of one library in a process of its own: node work.ts LIBRARY TASK [quick]. Prints its result as JSON.
import { BUCKETS, libraries } from './libraries.ts';
import type { ILabels, ILibrary } from './libraries.ts';

/** What one process measured; which fields there are depends on the task. */
export interface IMeasured {
  /** CPU nanoseconds per operation. */
  readonly nsPerOperation?: number;
  /** CPU milliseconds of one exposition. */
  readonly exposeMs?: number;
  /** Longest time in milliseconds that the event loop was held during one. */
  readonly holdMs?: number;
  /** Bytes of memory per series, after an exposition. */
  readonly bytesPerSeries?: number;
  /** Series, or histogram lines, on the page. */
  readonly lines?: number;
}

const LABEL_SETS = 200;
const VALUES = 1_024;
const QUICK = process.argv[4] === 'quick';
/** CPU time that a timed loop should take: long against the clock's resolution and the compiler's work. */
const LOOP_MS = QUICK ? 40 : 120;
const REPEATS = QUICK ? 3 : 5;
const COUNTER_SERIES = 100_000;
/** Times 16 lines each: about 100,000 lines. */
const HISTOGRAM_SERIES = 6_250;

const sets: ILabels[] = Array.from({ length: LABEL_SETS }, (_, index) => ({
  method: ['GET', 'POST', 'PUT', 'DELETE', 'HEAD'][index % 5]!,
  route: `/api/v1/resource/${index % 40}`,
  code: String(200 + Math.floor(index / 5)),
}));
/** 0.9 ms to 20 s, spread evenly over the logarithm, in no order. */
const values = Float64Array.from({ length: VALUES }, (_, index) =>
  Math.exp((((index * 7_919) % VALUES) / VALUES) * 10 - 7),
);

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[numbers.length >> 1]!;
}

function cpuNs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) * 1_000;
}

/** CPU nanoseconds per operation of a loop that does `times` of them. */
function timeLoop(loop: (times: number) => void): number {
  let times = 1_000;
  while (cpuNs(() => loop(times)) < LOOP_MS * 1e6) times *= 2;
  return median(Array.from({ length: REPEATS }, () => cpuNs(() => loop(times)) / times));
}

function incLabelled({ counter }: ILibrary): IMeasured {
  return {
    nsPerOperation: timeLoop((times) => {
      for (let index = 0; index < times; index += 1) {
        const { method, route, code } = sets[index % LABEL_SETS]!;
        counter.inc({ method, route, code });
      }
    }),
  };
}

/** Eight handles in turn, as a server holds one per thing it counts; one alone would measure the memory's latency. */
function incKept({ counter }: ILibrary): IMeasured {
  const [a, b, c, d, e, f, g, h] = sets.map((labels) => counter.bind!(labels)) as [...Array<{ inc(): void }>] as Array<{
    inc(): void;
  }>;
  return {
    nsPerOperation: timeLoop((times) => {
      for (let index = 0; index < times; index += 8) {
        a!.inc();
        b!.inc();
        c!.inc();
        d!.inc();
        e!.inc();
        f!.inc();
        g!.inc();
        h!.inc();
      }
    }),
  };
}

function observeLabelled({ histogram }: ILibrary): IMeasured {
  return {
    nsPerOperation: timeLoop((times) => {
      for (let index = 0; index < times; index += 1) {
        const { method, route, code } = sets[index % LABEL_SETS]!;
        histogram.observe({ method, route, code }, values[index % VALUES]!);
      }
    }),
  };
}

function observeKept({ histogram }: ILibrary): IMeasured {
  const children = sets.map((labels) => histogram.bind!(labels));
  return {
    nsPerOperation: timeLoop((times) => {
      for (let index = 0; index < times; index += 1) {
        children[index % LABEL_SETS]!.observe(values[index % VALUES]!);
      }
    }),
  };
}

/** Memory that is reachable: the heap, and what lies outside of it on its behalf. */
function memoryBytes(): number {
  for (let round = 0; round < 3; round += 1) globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Longest time between two turns of the event loop while `work` is under way. */
async function longestHoldMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let done = false;
  const tick = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!done) setImmediate(tick);
  };
  setImmediate(tick);
  await new Promise(setImmediate);
  longest = 0;
  await work();
  done = true;
  await new Promise(setImmediate);
  return longest;
}

/** Sample lines of a page. On its own, so that nothing of the page stays reachable from a waiting function. */
async function countLines(library: ILibrary): Promise<number> {
  const page = await library.expose();
  return page.split('\n').filter((line) => line.startsWith('bench_')).length;
}

/** Fills `series` series, then measures expositions with every value changed in between. */
async function expose(library: ILibrary, series: number, touch: (labels: ILabels) => void): Promise<IMeasured> {
  const routes = Array.from({ length: 1_000 }, (_, index) => `/api/v1/resource/${index}`);
  const codes = Array.from({ length: 100 }, (_, index) => String(200 + index));
  const methods = ['GET', 'POST'];
  const touchAll = (): void => {
    for (let index = 0; index < series; index += 1) {
      touch({ method: methods[index % 2]!, route: routes[index % 1_000]!, code: codes[Math.floor(index / 1_000)]! });
    }
  };
  const before = memoryBytes();
  touchAll();
  const lines = await countLines(library);
  const bytesPerSeries = (memoryBytes() - before) / series;
  const cpuMs: number[] = [];
  const holdMs: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    touchAll();
    const start = process.cpuUsage();
    await library.expose();
    const used = process.cpuUsage(start);
    cpuMs.push((used.user + used.system) / 1_000);
    holdMs.push(await longestHoldMs(() => library.stream()));
  }
  return { exposeMs: median(cpuMs), holdMs: median(holdMs), bytesPerSeries, lines };
}

/** Every task by name. */
export const tasks: Readonly<Record<string, (library: ILibrary) => IMeasured | Promise<IMeasured>>> = {
  'inc-labelled': incLabelled,
  'inc-kept': incKept,
  'observe-labelled': observeLabelled,
  'observe-kept': observeKept,
  'expose-counters': (library) => expose(library, COUNTER_SERIES, (labels) => library.counter.inc(labels)),
  'expose-histograms': (library) => {
    const value = BUCKETS.at(-2)!;
    return expose(library, HISTOGRAM_SERIES, (labels) => library.histogram.observe(labels, value));
  },
};

if (import.meta.main) {
  const [libraryName = '', taskName = ''] = process.argv.slice(2);
  const library = await libraries[libraryName]!();
  process.stdout.write(JSON.stringify(await tasks[taskName]!(library)));
}
