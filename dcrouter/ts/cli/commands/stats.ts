/**
 * `stats`: what proxy and DNS server count, now and over time.
 *
 * @module
 */
import type { Command } from 'commander';
import type { IStats } from '../answers.ts';
import type { Cli } from '../cli.ts';
import { formatNumber, formatTime, parseDuration } from '../format.ts';
import { statsText } from '../stats-text.ts';
import type { IColumn } from '../table.ts';

interface ISeries {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly points: ReadonlyArray<number | null>;
}

interface IHistory {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly series: readonly ISeries[];
}

const COLUMNS: ReadonlyArray<IColumn<ISeries>> = [
  { title: 'series', value: ({ name }) => name, shrink: true },
  { title: 'unit', value: ({ unit }) => unit },
  { title: 'latest', value: ({ points }) => number(points.findLast((point) => point !== null)), align: 'right' },
  { title: 'least', value: ({ points }) => number(extreme(points, Math.min)), align: 'right' },
  { title: 'most', value: ({ points }) => number(extreme(points, Math.max)), align: 'right' },
  { title: 'course', value: ({ points }) => spark(points) },
];

interface IHistoryOptions {
  readonly since: number;
  readonly step?: number;
}

export function addStats(program: Command, cli: Cli): void {
  const stats = program.command('stats').description('What is counted.');
  stats
    .command('now', { isDefault: true })
    .description('Show what proxy and DNS server count.')
    .action(async () => {
      const client = await cli.client();
      await cli.show(await client.get<IStats>('/stats'), (answer) => statsText(answer, cli.paint));
    });
  stats
    .command('history')
    .description('Show how numbers went.')
    .argument('[series...]', 'Names, or beginnings with *; default all.')
    .option('--since <time>', 'How far back: 10m, 6h, 30d.', parseDuration, 600_000)
    .option('--step <time>', 'Time per point, at least.', parseDuration)
    .action(async (series: string[], { since, step }: IHistoryOptions) => {
      const client = await cli.client();
      const to = Date.now();
      const query = { ...(series.length > 0 && { series: series.join(',') }), from: to - since, to, step };
      const history = await client.get<IHistory>('/stats/history', { query });
      if (cli.json) return await cli.show(history);
      await cli.table(history.series, COLUMNS, 'there is no such series');
      await cli.note(
        `from ${formatTime(history.fromMs)} to ${formatTime(history.toMs)} UTC, a point each ${history.stepMs} ms`,
      );
    });
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : formatNumber(value);
}

function extreme(points: ISeries['points'], pick: (...values: number[]) => number): number | undefined {
  return points.reduce<number | undefined>(
    (best, point) => (point === null ? best : best === undefined ? point : pick(best, point)),
    undefined,
  );
}

const BARS = '▁▂▃▄▅▆▇█';
const SPARK_CHARS = 30;

/** The course in one line: means of equal stretches. */
function spark(points: ISeries['points']): string {
  const size = Math.max(Math.ceil(points.length / SPARK_CHARS), 1);
  const means: Array<number | undefined> = [];
  for (let at = 0; at < points.length; at += size) {
    const known = points.slice(at, at + size).filter((point) => point !== null);
    means.push(known.length === 0 ? undefined : known.reduce((sum, each) => sum + each, 0) / known.length);
  }
  const most = Math.max(...means.map((mean) => mean ?? 0));
  return means
    .map((mean) =>
      mean === undefined ? ' ' : BARS[most > 0 ? Math.min(Math.floor((mean / most) * BARS.length), 7) : 0]!,
    )
    .join('');
}
