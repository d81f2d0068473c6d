/**
 * The labels of one chunk of series, serialized once: for each series the bytes of `{name="value",…` without the
 * closing brace, so that `le` or `quantile` can follow. Formats and sample names share it.
 */
export class LabelPage {
  readonly bytes: Buffer;
  /** Where each series' bytes start; one entry more than there are series. */
  readonly starts: Uint32Array;

  constructor(blocks: readonly string[]) {
    this.starts = new Uint32Array(blocks.length + 1);
    const text = Buffer.from(blocks.join(''));
    let at = 0;
    blocks.forEach((block, position) => {
      this.starts[position] = at;
      at += Buffer.byteLength(block);
    });
    this.starts[blocks.length] = at;
    // A copy of the exact size: Buffer.from may hand out a part of a shared pool.
    this.bytes = Buffer.allocUnsafeSlow(text.length);
    text.copy(this.bytes);
  }
}

const NEEDS_ESCAPE = /[\\"\n]/;

/** Escapes a label value: backslash, double quote and line feed, alike in text 0.0.4 and OpenMetrics 1.0. */
export function escapeLabelValue(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** `{a="x",b="y"` for the given labels, or nothing when there are none. */
export function labelBlock(names: readonly string[], textAt: (position: number) => string): string {
  let block = '';
  for (let position = 0; position < names.length; position += 1) {
    block += `${position === 0 ? '{' : ','}${names[position]}="${escapeLabelValue(textAt(position))}"`;
  }
  return block;
}
