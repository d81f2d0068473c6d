// node --conditions=dcrouter-source bench/report.ts ROWS.json…: the rows as Markdown tables for RESULTS.md.
import { readFileSync } from 'node:fs';
import { formatValue } from './harness/print.ts';
import type { IBenchRow } from './harness/types.ts';

function verdict(row: IBenchRow): string {
  if (row.met === null) return row.note?.startsWith('missing') === true ? 'peer missing' : '';
  return row.met ? 'met' : '**missed**';
}

/** One table per suite; a row's name stands on its first line alone. */
function table(rows: readonly IBenchRow[]): string {
  const lines = ['| row | ours | peer | its value | ratio | goal | |', '|---|---:|---|---:|---:|---|---|'];
  let last = '';
  for (const row of rows) {
    const first = row.row !== last;
    last = row.row;
    const cells = [
      first ? `${row.row} (${row.unit})` : '',
      first || row.ours === null ? formatValue(row.ours) : '',
      row.peer,
      formatValue(row.peerValue),
      row.ratio === null ? '–' : row.ratio.toFixed(2),
      row.goal ?? '',
      verdict(row),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

const rows = process.argv.slice(2).flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as IBenchRow[]);
for (const suite of new Set(rows.map((row) => row.suite))) {
  console.log(`## ${suite}\n\n${table(rows.filter((row) => row.suite === suite))}\n`);
}
