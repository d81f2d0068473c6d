// The table of what passes where, and the running of a suite by it.
import assert from 'node:assert/strict';

/** Check → reason. */
export type IKnownFailures = Readonly<Record<string, string>>;

/** One row per check, one column per implementation, reasons below. */
export function conformanceTable(checks: readonly string[], known: Readonly<Record<string, IKnownFailures>>): string {
  const names = Object.keys(known);
  const rows = checks.map(
    (check) => `| ${check} | ${names.map((name) => (known[name]![check] === undefined ? 'yes' : 'no')).join(' | ')} |`,
  );
  const reasons = names.flatMap((name) =>
    Object.entries(known[name]!).map(([check, why]) => `- ${name}, "${check}": ${why}`),
  );
  const head = [`| check | ${names.join(' | ')} |`, `|---|${names.map(() => ':---:').join('|')}|`];
  return [...head, ...rows, '', ...reasons].join('\n');
}

/** Runs a check that is known to fail; a surprise is an error, so that the table stays true. */
export async function mustFail(run: () => Promise<void>, why: string): Promise<void> {
  await assert.rejects(run(), `it passes now; take it off the list (was: ${why})`);
}
