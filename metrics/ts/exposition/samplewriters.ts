import { exemplarPrefix } from '../exemplars/exemplars.ts';
import type { ExemplarStore, IExemplar } from '../exemplars/exemplars.ts';
import { limits } from '../limits/limits.ts';
import { labelBlock, LabelPage } from '../series/labelpage.ts';
import type { ISeriesChunk, SeriesTable } from '../series/seriestable.ts';
import type { Counter } from '../types/counter.ts';
import type { Gauge } from '../types/gauge.ts';
import type { Histogram } from '../types/histogram.ts';
import type { Summary } from '../types/summary.ts';
import { NUMBER_BYTES_MAX, numberText } from './bytewriter.ts';
import type { ByteWriter } from './bytewriter.ts';
import type { TFormat } from './format.ts';

/** A metric of any type with any labels, as the registry holds it. */
export type TAnyMetric =
  Counter<readonly string[]> | Gauge<readonly string[]> | Histogram<readonly string[]> | Summary<readonly string[]>;

/** What an exposition may be asked for. */
export interface IWriteOptions {
  format: TFormat;
  /** Write `_created` samples (OpenMetrics only). */
  created: boolean;
}

/**
 * An exemplar at its longest: 128 characters of four bytes, punctuation for as many one-letter labels as fit, and the
 * value.
 */
const EXEMPLAR_BYTES_MAX = limits.exemplarCharsMax * 4 + limits.exemplarCharsMax * 4 + NUMBER_BYTES_MAX + 8;

/** Writes all samples of one series. */
export interface ISeriesWriter {
  /** Upper bound of the bytes of one series whose label block has `blockBytes`. */
  bytesFor(blockBytes: number): number;
  write(writer: ByteWriter, chunk: ISeriesChunk, page: LabelPage, position: number, series: number): void;
}

/** One kind of line: its sample name and what stands between the labels and the value. */
class Line {
  readonly name: Buffer;
  readonly tail: Buffer;

  /** @param extra label that the format adds, such as `le="0.5"` */
  constructor(name: string, labelled: boolean, extra = '') {
    this.name = Buffer.from(name);
    if (labelled) this.tail = Buffer.from(extra === '' ? '} ' : `,${extra}} `);
    else this.tail = Buffer.from(extra === '' ? ' ' : `{${extra}} `);
  }

  /** Bytes of the line apart from the label block, at most. */
  get bytesMax(): number {
    return this.name.length + this.tail.length + NUMBER_BYTES_MAX + 1;
  }

  write(writer: ByteWriter, page: LabelPage, position: number, value: number, exemplar?: IExemplar): void {
    const { starts } = page;
    writer.copy(this.name, 0, this.name.length);
    writer.copy(page.bytes, starts[position]!, starts[position + 1]!);
    this.finish(writer, value, exemplar);
  }

  /** Writes what follows name and labels. */
  finish(writer: ByteWriter, value: number, exemplar?: IExemplar): void {
    writer.copy(this.tail, 0, this.tail.length);
    writer.number(value);
    if (exemplar !== undefined) {
      writer.text(exemplarPrefix(exemplar.labels));
      writer.number(exemplar.value);
    }
    writer.lineFeed();
  }
}

/** The family name: in OpenMetrics a counter's is without `_total`. */
export function familyName(metric: TAnyMetric, format: TFormat): string {
  return format === 'openmetrics' && metric.type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
}

/** Serialized labels of the chunk that starts with series `first`. */
export function makePage(table: SeriesTable, first: number): LabelPage {
  const blocks: string[] = [];
  for (let series = first; series < Math.min(table.end, first + table.mask + 1); series += 1) {
    blocks.push(table.isLive(series) ? labelBlock(table.labelNames, (at) => table.labelText(series, at)) : '');
  }
  return new LabelPage(blocks);
}

/** The exemplars to write, if the format has them and there are any. */
function exemplarsOf(metric: TAnyMetric, options: IWriteOptions): ExemplarStore | undefined {
  if (options.format !== 'openmetrics') return undefined;
  const store = metric.type === 'counter' || metric.type === 'histogram' ? metric.exemplars : undefined;
  return store?.isEmpty === false ? store : undefined;
}

class ScalarWriter implements ISeriesWriter {
  readonly #line: Line;
  readonly #created: Line | undefined;
  readonly #exemplars: ExemplarStore | undefined;

  constructor(metric: TAnyMetric, options: IWriteOptions) {
    const labelled = metric.labelNames.length > 0;
    const family = familyName(metric, options.format);
    const openCounter = options.format === 'openmetrics' && metric.type === 'counter';
    this.#line = new Line(openCounter ? `${family}_total` : metric.name, labelled);
    this.#created = openCounter && options.created ? new Line(`${family}_created`, labelled) : undefined;
    this.#exemplars = exemplarsOf(metric, options);
  }

  bytesFor(blockBytes: number): number {
    const extra = this.#exemplars === undefined ? 0 : EXEMPLAR_BYTES_MAX;
    const created = this.#created === undefined ? 0 : this.#created.bytesMax + blockBytes;
    return this.#line.bytesMax + blockBytes + extra + created;
  }

  write(writer: ByteWriter, chunk: ISeriesChunk, page: LabelPage, position: number, series: number): void {
    this.#line.write(writer, page, position, chunk.values[position]!, this.#exemplars?.get(series, 0));
    this.#created?.write(writer, page, position, chunk.created[position]!);
  }
}

class HistogramWriter implements ISeriesWriter {
  readonly #buckets: Line[];
  readonly #sum: Line | undefined;
  readonly #count: Line | undefined;
  readonly #created: Line | undefined;
  readonly #exemplars: ExemplarStore | undefined;
  /** OpenMetrics 1.0 §5.3: no sample of a histogram or summary may be below zero. */
  readonly #isOpen: boolean;
  readonly #bytes: number;
  readonly #lines: number;

  constructor(metric: Histogram<readonly string[]>, options: IWriteOptions) {
    const labelled = metric.labelNames.length > 0;
    const bounds = [...metric.bounds, Infinity];
    this.#buckets = bounds.map(
      (bound) => new Line(`${metric.name}_bucket`, labelled, `le="${boundText(bound, options.format)}"`),
    );
    const isOpen = options.format === 'openmetrics';
    this.#isOpen = isOpen;
    // The sum of values that may be negative is no counter and must be left out, the count with it.
    const hasSum = !isOpen || bounds[0]! >= 0;
    this.#sum = hasSum ? new Line(`${metric.name}_sum`, labelled) : undefined;
    this.#count = hasSum ? new Line(`${metric.name}_count`, labelled) : undefined;
    this.#created = isOpen && options.created ? new Line(`${metric.name}_created`, labelled) : undefined;
    const lines = [...this.#buckets, this.#sum, this.#count, this.#created].filter((line) => line !== undefined);
    this.#lines = lines.length;
    this.#exemplars = exemplarsOf(metric, options);
    const extra = this.#exemplars === undefined ? 0 : this.#buckets.length * EXEMPLAR_BYTES_MAX;
    this.#bytes = lines.reduce((sum, line) => sum + line.bytesMax, extra);
  }

  bytesFor(blockBytes: number): number {
    return this.#bytes + this.#lines * blockBytes;
  }

  write(writer: ByteWriter, chunk: ISeriesChunk, page: LabelPage, position: number, series: number): void {
    const buckets = this.#buckets;
    const at = position * (buckets.length + 1);
    // All bucket lines of a series start alike: after the first, one copy brings name and labels.
    const start = writer.position;
    const end = start + buckets[0]!.name.length + page.starts[position + 1]! - page.starts[position]!;
    let count = chunk.values[at]!;
    buckets[0]!.write(writer, page, position, count, this.#exemplars?.get(series, 0));
    for (let bucket = 1; bucket < buckets.length; bucket += 1) {
      count += chunk.values[at + bucket]!;
      writer.repeat(start, end);
      buckets[bucket]!.finish(writer, count, this.#exemplars?.get(series, bucket));
    }
    const sum = chunk.values[at + buckets.length]!;
    if (sum >= 0 || !this.#isOpen) {
      this.#sum?.write(writer, page, position, sum);
      this.#count?.write(writer, page, position, count);
    }
    this.#created?.write(writer, page, position, chunk.created[position]!);
  }
}

class SummaryWriter implements ISeriesWriter {
  readonly #metric: Summary<readonly string[]>;
  readonly #quantiles: Line[];
  readonly #sum: Line;
  readonly #count: Line;
  readonly #created: Line | undefined;

  constructor(metric: Summary<readonly string[]>, options: IWriteOptions) {
    const labelled = metric.labelNames.length > 0;
    this.#metric = metric;
    this.#quantiles = metric.quantiles.map(
      (share) => new Line(metric.name, labelled, `quantile="${boundText(share, options.format)}"`),
    );
    this.#sum = new Line(`${metric.name}_sum`, labelled);
    this.#count = new Line(`${metric.name}_count`, labelled);
    const hasCreated = options.format === 'openmetrics' && options.created;
    this.#created = hasCreated ? new Line(`${metric.name}_created`, labelled) : undefined;
  }

  bytesFor(blockBytes: number): number {
    let bytes = 0;
    for (const line of [...this.#quantiles, this.#sum, this.#count, this.#created]) {
      if (line !== undefined) bytes += line.bytesMax + blockBytes;
    }
    return bytes;
  }

  write(writer: ByteWriter, chunk: ISeriesChunk, page: LabelPage, position: number, series: number): void {
    const values = this.#metric.quantilesOf(series);
    values.forEach((value, index) => this.#quantiles[index]!.write(writer, page, position, value));
    this.#sum.write(writer, page, position, chunk.values[position * 2 + 1]!);
    this.#count.write(writer, page, position, chunk.values[position * 2]!);
    this.#created?.write(writer, page, position, chunk.created[position]!);
  }
}

/** The writer for a metric's type. */
export function seriesWriterFor(metric: TAnyMetric, options: IWriteOptions): ISeriesWriter {
  if (metric.type === 'histogram') return new HistogramWriter(metric, options);
  if (metric.type === 'summary') return new SummaryWriter(metric, options);
  return new ScalarWriter(metric, options);
}

/** OpenMetrics 1.0 "Canonical Numbers": whole bounds carry `.0`; text 0.0.4 keeps what its clients always wrote. */
function boundText(bound: number, format: TFormat): string {
  return format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : numberText(bound);
}
