// npm run bench -- SUITE… [--quick] [--rounds N] [--only TEXT] [--peers A,B] [--json FILE] [--halt]
//
// Runs ours and the peers interleaved and prints one row per comparison. Exit code 0 when every goal holds,
// 1 when one is missed, 2 when the command is wrong.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { keepAwake } from './harness/idle.ts';
import { benchFolder } from './harness/paths.ts';
import { formatRows } from './harness/print.ts';
import type { IBenchRow, ISuite } from './harness/types.ts';

/** Rounds are interleaved; fewer than five say little about a median. */
const ROUNDS = 5;
const ROUNDS_QUICK = 2;

function suiteNames(): string[] {
  return readdirSync(benchFolder).filter((name) => existsSync(join(benchFolder, name, 'suite.ts')));
}

async function loadSuite(name: string): Promise<ISuite> {
  const file = pathToFileURL(join(benchFolder, name, 'suite.ts')).href;
  const module = (await import(file)) as { suite: ISuite };
  return module.suite;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      peers: { type: 'string' },
      json: { type: 'string' },
      halt: { type: 'boolean', default: false },
    },
  });
  const known = suiteNames();
  const unknown = positionals.filter((name) => !known.includes(name));
  if (positionals.length === 0 || unknown.length > 0) {
    if (unknown.length > 0) process.stderr.write(`There is no suite '${unknown.join("', '")}'.\n`);
    process.stderr.write(
      `npm run bench -- SUITE [--quick] [--rounds N] [--only TEXT] [--peers A,B] [--json FILE] [--halt]\nSuites: ${known.join(', ')}\n`,
    );
    return 2;
  }
  const rounds = Number(values.rounds ?? (values.quick ? ROUNDS_QUICK : ROUNDS));
  const rows: IBenchRow[] = [];
  const idle = !values.halt && keepAwake() ? 'poll' : 'halt';
  for (const name of positionals) {
    const suite = await loadSuite(name);
    const peers = values.peers?.split(',');
    const found = await suite.run({ quick: values.quick, rounds, only: values.only, peers });
    rows.push(...found);
    process.stdout.write(
      `\n${suite.name}, ${rounds} rounds, Node ${process.version}, idle cores ${idle}\n${formatRows(found)}`,
    );
  }
  if (values.json !== undefined) writeFileSync(resolve(values.json), `${JSON.stringify(rows, null, 2)}\n`);
  return rows.some((row) => row.met === false) ? 1 : 0;
}

process.exitCode = await main();
