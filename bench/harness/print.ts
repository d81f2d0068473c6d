// Prints rows as a table: row · ours · peer · ratio · goal · met|missed.
import type { IBenchRow } from './types.ts';

/** Three significant digits, and no decimals above 100. */
export function formatValue(value: number | null): string {
  if (value === null) return '–';
  if (value >= 1e5) return `${(value / 1e3).toFixed(0)} k`;
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toPrecision(3);
}

function verdict(row: IBenchRow): string {
  if (row.met === null) return row.note?.startsWith('missing') === true ? 'peer missing' : '';
  return row.met ? 'met' : 'missed';
}

function cells(row: IBenchRow): string[] {
  return [
    row.row,
    `${formatValue(row.ours)} ${row.unit}`,
    row.peerValue === null ? row.peer : `${row.peer} ${formatValue(row.peerValue)}`,
    row.ratio === null ? '–' : `${row.ratio.toFixed(2)} ×`,
    row.goal ?? '–',
    verdict(row),
  ];
}

/** The rows as aligned text, one line per comparison and its note below it. */
export function formatRows(rows: readonly IBenchRow[]): string {
  const table = [['row', 'ours', 'peer', 'ratio', 'goal', ''], ...rows.map(cells)];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  const lines: string[] = [];
  for (const [index, line] of table.entries()) {
    lines.push(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
    const note = index > 0 ? rows[index - 1]!.note : undefined;
    if (note !== undefined) lines.push(`    ${note}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Progress on standard error, so that standard output holds the table alone. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
