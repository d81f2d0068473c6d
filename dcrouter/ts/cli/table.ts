/**
 * Tables with aligned columns, as wide as the terminal at most.
 *
 * @module
 */
import { cliLimits } from './limits.ts';
import { plainPaint, plainText, type TPaint, type TStyle } from './style.ts';

export interface IColumn<T> {
  readonly title: string;
  readonly value: (item: T) => string | number | undefined;
  readonly align?: 'right';
  /** May be cut when the line is too long; the widest of these first. */
  readonly shrink?: boolean;
  readonly style?: (item: T) => TStyle | undefined;
}

export interface ITableOptions {
  /** Characters of a line; no bound unless given, so that nothing is lost in a pipe. */
  readonly width?: number;
  readonly paint?: TPaint;
}

const GAP = '  ';

/** Lines without a final line feed. What is absent is shown as `-`. */
export function table<T>(
  items: readonly T[],
  columns: ReadonlyArray<IColumn<T>>,
  { width = Infinity, paint = plainPaint }: ITableOptions = {},
): string {
  const rows = items.map((item) => columns.map((column) => cellText(column.value(item))));
  const natural = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => row[at]!.length)));
  const widths = fit(natural, columns, width);
  const line = (cells: readonly string[], styleOf: (at: number) => TStyle | undefined): string =>
    cells
      .map((cell, at) => {
        const last = at === cells.length - 1;
        const text = pad(cut(cell, widths[at]!), widths[at]!, columns[at]!.align, last);
        const style = styleOf(at);
        return style === undefined ? text : paint(style, text);
      })
      .join(GAP);
  const head = line(
    columns.map(({ title }) => title),
    () => 'bold',
  );
  return [head, ...rows.map((row, at) => line(row, (column) => columns[column]!.style?.(items[at]!)))].join('\n');
}

function cellText(value: string | number | undefined): string {
  const text = value === undefined ? '' : plainText(String(value));
  return text === '' ? '-' : text;
}

function fit<T>(natural: readonly number[], columns: ReadonlyArray<IColumn<T>>, width: number): number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1);
  let over = total() - width;
  while (over > 0) {
    const widest = widths.reduce<number>(
      (best, each, at) => (columns[at]!.shrink === true && each > (widths[best] ?? 0) ? at : best),
      -1,
    );
    const room = widest < 0 ? 0 : widths[widest]! - cliLimits.columnCharsMin;
    if (room <= 0) break;
    widths[widest] = widths[widest]! - 1;
    over -= 1;
  }
  return widths;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
}

function pad(text: string, width: number, align: 'right' | undefined, last: boolean): string {
  if (align === 'right') return text.padStart(width);
  return last ? text : text.padEnd(width);
}
