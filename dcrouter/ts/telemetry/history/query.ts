/**
 * Answers questions about the past: chooses the resolution, and makes points of the step that was asked for.
 *
 * @module
 */
import { QUERY_NAMES_MAX, QUERY_POINTS_MAX, STORED_STEP_MS } from '../limits.ts';
import type { IHistoryAnswer, IHistoryQuery, IHistorySeriesInfo } from '../types.ts';
import { Combined } from './combine.ts';
import type { Keeper } from './keeper.ts';
import type { Ring } from './ring.ts';
import { seriesNamed } from './series.ts';

export class HistoryQueryError extends RangeError {
  override readonly name = 'HistoryQueryError';
  readonly code = 'DCR_HISTORY_QUERY';
}

export interface IQuerySources {
  /** Finest first. */
  readonly rings: readonly Ring[];
  readonly keeper: Keeper;
  /** By column. */
  readonly series: readonly IHistorySeriesInfo[];
  readonly nowMs: number;
}

/** Value of a series in the step of the resolution that begins at `atMs`; NaN when it is unknown. */
type TRead = (atMs: number) => number;

/** @throws HistoryQueryError, and what the store throws */
export async function answer(query: IHistoryQuery, sources: IQuerySources): Promise<IHistoryAnswer> {
  check(query);
  const wanted = matcher(query.series);
  const ring = ringFor(query, sources);
  const finestMs = ring?.stepMs ?? STORED_STEP_MS;
  const stepMs = Math.ceil((query.stepMs ?? finestMs) / finestMs) * finestMs;
  const fromMs = Math.floor(query.fromMs / stepMs) * stepMs;
  // A step that is not over yet would show too little.
  const endMs = Math.floor(Math.min(query.toMs, sources.nowMs) / stepMs) * stepMs;
  const roundedMs = Math.ceil(query.toMs / stepMs) * stepMs;
  const toMs = Math.max(fromMs, roundedMs <= sources.nowMs ? roundedMs : endMs);
  const points = (toMs - fromMs) / stepMs;
  const found = ring === null ? await fromStore(fromMs, toMs, wanted, sources) : fromRing(ring, wanted, sources);
  if (found.length === 0)
    throw new HistoryQueryError('no series has one of these names; GET the list, or end a prefix with *');
  if (points * found.length > QUERY_POINTS_MAX)
    throw new HistoryQueryError(
      `${points} points of ${found.length} series are more than ${QUERY_POINTS_MAX}; ask for fewer series or a longer step`,
    );
  const series = found.map(({ read, ...info }) => ({
    ...info,
    points: pointsOf(info, read, { fromMs, stepMs, finestMs, count: points }),
  }));
  return { fromMs, toMs, stepMs, series };
}

function check({ fromMs, toMs, stepMs, series = [] }: IHistoryQuery): void {
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs) || fromMs < 0 || toMs <= fromMs)
    throw new HistoryQueryError(`from ${fromMs} to ${toMs} is no range; give two Unix times in ms, the earlier first`);
  if (stepMs !== undefined && !(Number.isFinite(stepMs) && stepMs > 0))
    throw new HistoryQueryError(`a step of ${stepMs} is none; give milliseconds above 0`);
  if (series.length > QUERY_NAMES_MAX)
    throw new HistoryQueryError(
      `${series.length} series are named; name at most ${QUERY_NAMES_MAX}, or use a prefix with *`,
    );
}

function matcher(names: readonly string[] | undefined): (name: string) => boolean {
  if (names === undefined || names.length === 0) return () => true;
  const exact = new Set(names.filter((name) => !name.endsWith('*')));
  const prefixes = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

/**
 * The ring to read: with a step, the coarsest that is fine enough; without, the finest; of those that reach back far
 * enough. Null: the store, for what is older, and for what was before this process began.
 */
function ringFor({ fromMs, stepMs }: IHistoryQuery, { rings, keeper, nowMs }: IQuerySources): Ring | null {
  const reaching = rings.filter((ring) => fromMs >= nowMs - ring.spanMs);
  const fine = reaching.filter((ring) => stepMs === undefined || ring.stepMs <= stepMs);
  const chosen = (stepMs === undefined ? fine.at(0) : fine.at(-1)) ?? reaching.at(0);
  if (chosen === undefined) return keeper.enabled ? null : rings.at(-1)!;
  const coarseEnough = stepMs === undefined || stepMs >= STORED_STEP_MS;
  return keeper.enabled && coarseEnough && chosen.sinceMs - chosen.stepMs > fromMs ? null : chosen;
}

function fromRing(
  ring: Ring,
  wanted: (name: string) => boolean,
  { series }: IQuerySources,
): Array<IHistorySeriesInfo & { read: TRead }> {
  const found: Array<IHistorySeriesInfo & { read: TRead }> = [];
  for (const [column, { name, kind, unit, help }] of series.entries())
    if (wanted(name)) found.push({ name, kind, unit, help, read: (atMs) => ring.at(column, atMs) });
  return found;
}

async function fromStore(
  fromMs: number,
  toMs: number,
  wanted: (name: string) => boolean,
  { keeper, series }: IQuerySources,
): Promise<Array<IHistorySeriesInfo & { read: TRead }>> {
  const samples = await keeper.range(fromMs, toMs);
  const byTime = new Map(samples.map(({ atMs, values }) => [atMs, values]));
  const infos = new Map(series.map(({ name, kind, unit, help }) => [name, { name, kind, unit, help }]));
  for (const { values } of samples) {
    for (const name of Object.keys(values)) {
      const info = infos.has(name) ? undefined : seriesNamed(name);
      if (info !== undefined) infos.set(name, info);
    }
  }
  return [...infos.values()]
    .filter(({ name }) => wanted(name))
    .map((info) => ({ ...info, read: (atMs) => byTime.get(atMs)?.[info.name] ?? Number.NaN }));
}

interface ISteps {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly finestMs: number;
  readonly count: number;
}

function pointsOf(
  info: IHistorySeriesInfo,
  read: TRead,
  { fromMs, stepMs, finestMs, count }: ISteps,
): Array<number | null> {
  const combined = new Combined(info.kind);
  const points: Array<number | null> = [];
  for (let point = 0; point < count; point += 1) {
    const atMs = fromMs + point * stepMs;
    for (let offset = 0; offset < stepMs; offset += finestMs) combined.add(read(atMs + offset));
    const value = combined.take();
    points.push(Number.isNaN(value) ? null : value);
  }
  return points;
}
