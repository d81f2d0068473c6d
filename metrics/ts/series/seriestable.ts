import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';
import type { TClockMs } from '../native/clock.ts';
import { InternedValues, storedForm } from './internedvalues.ts';
import type { TLabels, TLabelValue } from './internedvalues.ts';
import { LabelIndex, UNROLLED } from './labelindex.ts';
import type { LabelPage } from './labelpage.ts';

/** A handle on one series: where its numbers lie. Detached handles point at numbers that nobody reads. */
export interface ISeriesHandle {
  values: Float64Array;
  at: number;
  /** Number of the series; -1 once it was removed. */
  series: number;
}

/** What a table is made of. */
export interface ISeriesTableOptions {
  metricName: string;
  labelNames: readonly string[];
  /** Numbers per series. */
  width: number;
  /** Label sets before new ones go to the overflow series. */
  seriesMax: number;
  /** Milliseconds without a look-up after which a label set is removed; `Infinity` for never. */
  idleMs: number;
  /** Wall clock in milliseconds, for the time of creation. */
  wallMs: TClockMs;
  /** Monotonic clock in milliseconds, for idle times. */
  nowMs: TClockMs;
}

/** A block of series: their numbers side by side, and the text of their labels once it was needed. */
export interface ISeriesChunk {
  readonly values: Float64Array;
  /** Unix time in seconds at which each series came into being. */
  readonly created: Float64Array;
  /** 1 where a series was looked up since the last sweep; only with expiry. */
  readonly touched: Uint8Array | undefined;
  /** Monotonic time of the last sweep that found the series touched; only with expiry. */
  readonly usedMs: Float64Array | undefined;
  /** Handles given out, by position in the chunk. */
  handles: Array<ISeriesHandle | undefined> | undefined;
  /** Serialized labels; undefined until needed, and again after a series came or went. */
  page: LabelPage | undefined;
}

/** Label value of every label of the overflow series. */
export const OVERFLOW_VALUE = 'other';
const NO_IDS: ReadonlyMap<TLabelValue, number> = new Map();
const MS_PER_SECOND = 1_000;
/** Numbers per chunk that we aim at: 4 KB, so that small metrics stay small and big ones have few chunks. */
const CHUNK_NUMBERS = 512;
const CHUNK_SERIES_MIN = 32;
const CHUNK_SERIES_MAX = 256;

/**
 * All series of one metric. A series is a number; its values are consecutive doubles in a chunk, its labels a tuple
 * of interned values. Nothing is an object per series unless a handle was asked for.
 */
export class SeriesTable {
  readonly metricName: string;
  readonly labelNames: readonly string[];
  readonly width: number;
  readonly seriesMax: number;
  readonly chunks: ISeriesChunk[] = [];
  /** log2 of the series per chunk. */
  readonly shift: number;
  readonly mask: number;
  /** Look-ups of label sets that were refused a series of their own. */
  dropped = 0;
  /** Label values that were cut to the allowed length. */
  truncated = 0;
  /** Told when a series goes, for metrics that keep more than numbers per series. */
  onRemove: ((series: number) => void) | undefined;
  /** Number of labels. */
  readonly #count: number;
  /** Whether label sets expire, so that look-ups must leave a trace. */
  readonly #expires: boolean;
  readonly #idleMs: number;
  readonly #wallMs: TClockMs;
  readonly #nowMs: TClockMs;
  readonly #positions: InternedValues[];
  readonly #index: LabelIndex;
  readonly #tuple: Int32Array;
  /** The maps of {@link #positions}, and the first label names: what a look-up needs, one step away. */
  readonly #ids: ReadonlyArray<ReadonlyMap<TLabelValue, number>>;
  readonly #ids0: ReadonlyMap<TLabelValue, number>;
  readonly #ids1: ReadonlyMap<TLabelValue, number>;
  readonly #ids2: ReadonlyMap<TLabelValue, number>;
  readonly #ids3: ReadonlyMap<TLabelValue, number>;
  readonly #name0: string;
  readonly #name1: string;
  readonly #name2: string;
  readonly #name3: string;
  readonly #free: number[] = [];
  #next = 0;
  #live = 0;
  #overflow = -1;
  #sweptMs = 0;

  constructor(options: ISeriesTableOptions) {
    this.metricName = options.metricName;
    this.labelNames = options.labelNames;
    this.width = options.width;
    this.seriesMax = options.seriesMax;
    this.#count = options.labelNames.length;
    this.#expires = options.idleMs !== Infinity;
    this.#idleMs = options.idleMs;
    this.#wallMs = options.wallMs;
    this.#nowMs = options.nowMs;
    const labels = options.labelNames.length;
    const wanted = Math.floor(CHUNK_NUMBERS / options.width);
    const perChunk = labels === 0 ? 1 : Math.min(CHUNK_SERIES_MAX, Math.max(CHUNK_SERIES_MIN, wanted));
    this.shift = Math.floor(Math.log2(perChunk));
    this.mask = 2 ** this.shift - 1;
    this.#positions = Array.from({ length: labels }, () => new InternedValues());
    this.#index = new LabelIndex(labels);
    this.#tuple = new Int32Array(this.#index.stride);
    this.#ids = this.#positions.map(({ ids }) => ids);
    [this.#ids0 = NO_IDS, this.#ids1 = NO_IDS, this.#ids2 = NO_IDS, this.#ids3 = NO_IDS] = this.#ids;
    [this.#name0 = '', this.#name1 = '', this.#name2 = '', this.#name3 = ''] = options.labelNames;
    if (labels === 0) this.#create();
  }

  /** Series that exist now, the overflow series included. */
  get size(): number {
    return this.#live;
  }

  /** Series numbers ever used: all live ones are below this. */
  get end(): number {
    return this.#next;
  }

  /** True when the series exists. */
  isLive(series: number): boolean {
    return this.labelNames.length === 0 || this.#index.ids[series * this.#index.stride]! >= 0;
  }

  /** Text of a label value of a series. */
  labelText(series: number, position: number): string {
    return this.#positions[position]!.text(this.#index.ids[series * this.#index.stride + position]!);
  }

  /** Series of a label set given by name; made when new, the overflow series when there is no room. */
  at(labels: TLabels): number {
    const count = this.#count;
    if (count > UNROLLED) return this.#atMany(this.inOrder(labels));
    // One access per position, so that each keeps to the one name it sees: a loop over names costs three times as much.
    const a = count > 0 ? this.#ids0.get(labels[this.#name0]!) : undefined;
    const b = count > 1 ? this.#ids1.get(labels[this.#name1]!) : 0;
    const c = count > 2 ? this.#ids2.get(labels[this.#name2]!) : 0;
    const d = count > 3 ? this.#ids3.get(labels[this.#name3]!) : 0;
    if (a === undefined || b === undefined || c === undefined || d === undefined)
      return this.#miss(this.inOrder(labels));
    const series = this.#index.find(a, b, c, d);
    if (series < 0) return this.#miss(this.inOrder(labels));
    if (this.#expires) this.#touch(series);
    return series;
  }

  /** Series of a label set given in the order of the label names. */
  atValues(values: readonly TLabelValue[]): number {
    const count = this.#count;
    if (values.length !== count) this.#refuseCount(values.length);
    if (count > UNROLLED) return this.#atMany(values);
    if (count === 0) return 0;
    const a = this.#ids0.get(values[0]!);
    const b = count > 1 ? this.#ids1.get(values[1]!) : 0;
    const c = count > 2 ? this.#ids2.get(values[2]!) : 0;
    const d = count > 3 ? this.#ids3.get(values[3]!) : 0;
    if (a === undefined || b === undefined || c === undefined || d === undefined) return this.#miss(values);
    const series = this.#index.find(a, b, c, d);
    if (series < 0) return this.#miss(values);
    if (this.#expires) this.#touch(series);
    return series;
  }

  /** The same for more labels than are looked up without a loop. */
  #atMany(values: readonly TLabelValue[]): number {
    const tuple = this.#tuple;
    for (let position = 0; position < values.length; position += 1) {
      const id = this.#ids[position]!.get(values[position]!);
      if (id === undefined) return this.#miss(values);
      tuple[position] = id;
    }
    const series = this.#index.findTuple(tuple);
    if (series < 0) return this.#miss(values);
    if (this.#expires) this.#touch(series);
    return series;
  }

  /** Series of label values that another table kept; a table without labels has its one series. */
  atStored(values: readonly string[]): number {
    if (values.length === 0) return 0;
    const { dropped } = this;
    const series = this.atValues(values);
    // What overflowed elsewhere was counted there.
    if (values.every((value) => value === OVERFLOW_VALUE)) this.dropped = dropped;
    return series;
  }

  /** Existing series of a label set, or -1. */
  lookUp(values: readonly TLabelValue[]): number {
    if (values.length !== this.labelNames.length) this.#refuseCount(values.length);
    if (values.length === 0) return 0;
    for (let position = 0; position < values.length; position += 1) {
      const text = storedForm(values[position]!, { truncated: 0 });
      const id = this.#positions[position]!.ids.get(text);
      if (id === undefined) return -1;
      this.#tuple[position] = id;
    }
    return this.#index.findTuple(this.#tuple);
  }

  /** Takes a series away. A handle on it stays usable and reaches nothing. */
  remove(series: number): void {
    const chunk = this.chunks[series >> this.shift]!;
    const position = series & this.mask;
    const row = series * this.#index.stride;
    const ids = Array.from(this.#index.ids.subarray(row, row + this.labelNames.length));
    this.#index.remove(series);
    ids.forEach((id, column) => this.#positions[column]!.release(id));
    const handle = chunk.handles?.[position];
    if (handle !== undefined) {
      handle.values = new Float64Array(this.width);
      handle.at = 0;
      handle.series = -1;
      chunk.handles![position] = undefined;
    }
    chunk.values.fill(0, position * this.width, (position + 1) * this.width);
    chunk.page = undefined;
    this.#free.push(series);
    this.#live -= 1;
    if (series === this.#overflow) this.#overflow = -1;
    this.onRemove?.(series);
  }

  /** Sets every number to zero; series and handles stay. */
  zero(): void {
    const nowSeconds = this.#wallMs() / MS_PER_SECOND;
    for (const chunk of this.chunks) {
      chunk.values.fill(0);
      chunk.created.fill(nowSeconds);
    }
  }

  /** Removes label sets that nobody looked up for the idle time. A kept handle counts as use. */
  sweep(): void {
    if (this.#idleMs === Infinity || this.labelNames.length === 0) return;
    const nowMs = this.#nowMs();
    this.#sweptMs = nowMs;
    for (let series = 0; series < this.#next; series += 1) {
      if (!this.isLive(series)) continue;
      const chunk = this.chunks[series >> this.shift]!;
      const position = series & this.mask;
      if (chunk.touched![position] === 1 || chunk.handles?.[position] !== undefined) {
        chunk.touched![position] = 0;
        chunk.usedMs![position] = nowMs;
      } else if (nowMs - chunk.usedMs![position]! >= this.#idleMs) {
        this.remove(series);
      }
    }
  }

  /** True when the table has no room; a full table first looks for idle label sets itself, but not at every call. */
  #isFull(): boolean {
    const own = (): number => this.#live - (this.#overflow >= 0 ? 1 : 0);
    if (own() < this.seriesMax) return false;
    if (this.#idleMs !== Infinity && this.#nowMs() - this.#sweptMs >= limits.sweepPauseMs) this.sweep();
    return own() >= this.seriesMax;
  }

  #touch(series: number): void {
    this.chunks[series >> this.shift]!.touched![series & this.mask] = 1;
  }

  /** Values of a label set in the order of the label names; throws METRICS_BAD_LABELS when it has others. */
  inOrder(labels: TLabels): TLabelValue[] {
    const values: TLabelValue[] = [];
    for (const name of this.labelNames) {
      const value = labels[name];
      if (value === undefined) {
        throw new MetricsError('METRICS_BAD_LABELS', `${this.metricName}: the label '${name}' has no value; give one`);
      }
      values.push(value);
    }
    for (const name of Object.keys(labels)) {
      if (!this.labelNames.includes(name)) {
        const known = this.labelNames.join(', ') || 'none';
        throw new MetricsError('METRICS_BAD_LABELS', `${this.metricName} has no label '${name}'; it has ${known}`);
      }
    }
    return values;
  }

  #refuseCount(given: number): never {
    const names = this.labelNames.join(', ') || 'none';
    throw new MetricsError(
      'METRICS_BAD_LABELS',
      `${this.metricName}: ${given} label values given for ${this.labelNames.length} labels (${names})`,
    );
  }

  /** The slow way: bring the values into their stored form, look again, then make the series or overflow. */
  #miss(given: readonly TLabelValue[]): number {
    const values = given.map((value) => storedForm(value, this));
    const known = this.lookUp(values);
    if (known >= 0) {
      this.#alias(given, known);
      if (this.#expires) this.#touch(known);
      return known;
    }
    if (this.#isFull()) {
      this.dropped += 1;
      if (this.#overflow < 0) {
        const others = values.map(() => OVERFLOW_VALUE);
        const series = this.lookUp(others);
        this.#overflow = series >= 0 ? series : this.#create(others);
      }
      return this.#overflow;
    }
    const series = this.#create(values);
    this.#alias(given, series);
    if (this.#expires) this.#touch(series);
    return series;
  }

  #alias(given: readonly TLabelValue[], series: number): void {
    given.forEach((value, position) => {
      const id = this.#index.ids[series * this.#index.stride + position]!;
      if (typeof value === 'number') this.#positions[position]!.alias(value, id);
    });
  }

  #create(values: readonly string[] = []): number {
    const series = this.#free.pop() ?? this.#next;
    const chunkAt = series >> this.shift;
    if (series === this.#next) this.#next += 1;
    const chunk = (this.chunks[chunkAt] ??= this.#makeChunk());
    values.forEach((value, position) => {
      this.#tuple[position] = this.#positions[position]!.take(value);
    });
    if (values.length > 0) this.#index.add(series, this.#tuple);
    chunk.created[series & this.mask] = this.#wallMs() / MS_PER_SECOND;
    if (chunk.usedMs !== undefined) chunk.usedMs[series & this.mask] = this.#nowMs();
    chunk.page = undefined;
    this.#live += 1;
    return series;
  }

  #makeChunk(): ISeriesChunk {
    const perChunk = this.mask + 1;
    return {
      values: new Float64Array(perChunk * this.width),
      created: new Float64Array(perChunk),
      touched: this.#idleMs === Infinity ? undefined : new Uint8Array(perChunk),
      usedMs: this.#idleMs === Infinity ? undefined : new Float64Array(perChunk),
      handles: undefined,
      page: undefined,
    };
  }
}
