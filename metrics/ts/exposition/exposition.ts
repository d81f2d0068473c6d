import { foreignLines, headLines } from './foreign.ts';
import type { IForeignFamily } from './foreign.ts';
import { ByteWriter } from './bytewriter.ts';
import { limits } from '../limits/limits.ts';
import { familyName, makePage, seriesWriterFor } from './samplewriters.ts';
import type { IWriteOptions, TAnyMetric } from './samplewriters.ts';

/** OpenMetrics 1.0 §3.2: the last line of an exposition. */
const END_OF_FILE = '# EOF\n';

/**
 * The exposition of `metrics` in slices of about `limits.sliceBytes`. A series is never split, so its samples agree
 * with each other even when counting goes on between slices.
 */
export function* writeExposition(
  metrics: Iterable<TAnyMetric>,
  foreign: Iterable<IForeignFamily>,
  options: IWriteOptions,
): Generator<Buffer, void, void> {
  const writer = new ByteWriter(limits.sliceBytes);
  for (const metric of metrics) {
    const head = Buffer.from(headOf(metric, options));
    if (!writer.hasRoom(head.length)) yield writer.take(head.length);
    writer.copy(head, 0, head.length);
    yield* writeSeries(metric, options, writer);
  }
  for (const family of foreign) {
    for (const line of foreignLines(family, options.format)) {
      const bytes = Buffer.byteLength(line);
      if (!writer.hasRoom(bytes)) yield writer.take(bytes);
      writer.text(line);
    }
  }
  if (options.format === 'openmetrics') {
    if (!writer.hasRoom(END_OF_FILE.length)) yield writer.take();
    writer.ascii(END_OF_FILE);
  }
  if (writer.length > 0) yield writer.take();
}

function* writeSeries(metric: TAnyMetric, options: IWriteOptions, writer: ByteWriter): Generator<Buffer, void, void> {
  const { table } = metric;
  const seriesWriter = seriesWriterFor(metric, options);
  for (let series = 0; series < table.end; series += 1) {
    if (!table.isLive(series)) continue;
    const chunk = table.chunks[series >> table.shift]!;
    const position = series & table.mask;
    // Asked for anew each time: series may come and go while a slice is on its way.
    const page = (chunk.page ??= makePage(table, series - position));
    const bytes = seriesWriter.bytesFor(page.starts[position + 1]! - page.starts[position]!);
    if (!writer.hasRoom(bytes)) {
      yield writer.take(bytes);
      series -= 1;
      continue;
    }
    seriesWriter.write(writer, chunk, page, position, series);
  }
}

function headOf(metric: TAnyMetric, options: IWriteOptions): string {
  const { help, type, unit } = metric;
  return headLines({ name: familyName(metric, options.format), help, type, unit }, options.format);
}
