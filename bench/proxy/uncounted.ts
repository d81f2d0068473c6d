// Makes a copy of the proxy's sources from which the counting is taken out, statement by statement.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder, rootFolder } from '../harness/paths.ts';

/** Objects that hold nothing but counts. */
const COUNTERS = String.raw`(?:this\.)?(?:[#\w]+\.)*?#?(?:counters|recorder|unrouted|tlsCounters)`;

/** Whole statements that only count. An `if` in front stays, for the `else` that may follow. */
const STATEMENTS: readonly RegExp[] = [
  // counters.requests += 1;  recorder.active -= 1;  counters.statusClasses[n]! += 1;
  new RegExp(String.raw`^([ \t]*(?:if \([^\n]*\) )?)${COUNTERS}\.[\w.]+(?:\[[^\n]*\]!?)? [+-]= [^\n]*;$`, 'gm'),
  // counters.latency.observe(…);  recorder.requestRate.add(…);
  new RegExp(
    String.raw`^([ \t]*(?:if \([^\n]*\) )?)${COUNTERS}\.(?!byIp)\w+\.(?:observe|add|delete)\([^\n]*\);$`,
    'gm',
  ),
  // this.bytesIn += …;  this.requests += 1;  exchange.bytesOut += …;  this.connection.requests += 1;
  /^([ \t]*(?:if \([^\n]*\) )?)(?:this|exchange|this\.connection)\.(?:bytesIn|bytesOut|requests) \+= (?![^\n]*endWith)[^\n]*;$/gm,
];

/** Folders whose reading of the clock serves durations alone. */
const CLOCK_READERS = /^http\/(?:exchange|responserelay|pool)\.ts$/;

/** Fewer than this means that the sources changed their ways and the comparison would compare nothing. */
const STATEMENTS_MIN = 25;

export interface IUncounted {
  /** The copy's entry file. */
  readonly entry: string;
  readonly statements: number;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
}

/** Writes the copy below the bench folder, where its imports resolve as the original's do. */
export function makeUncounted(): IUncounted {
  const target = join(benchFolder, '.cache', 'uncounted');
  rmSync(target, { recursive: true, force: true });
  cpSync(join(rootFolder, 'forks/smartproxy/ts'), target, { recursive: true });
  let statements = 0;
  for (const file of sourceFiles(target)) {
    const path = join(target, file);
    let text = readFileSync(path, 'utf8');
    for (const statement of STATEMENTS) {
      text = text.replace(statement, (_all, before: string) => {
        statements += 1;
        return `${before};`;
      });
    }
    if (CLOCK_READERS.test(file)) text = text.replaceAll(/\b(?:performance\.now|arrivedAtMs)\(\)/g, '0');
    writeFileSync(path, text);
  }
  if (statements < STATEMENTS_MIN) {
    throw new Error(`only ${statements} counting statements were found: the patterns no longer fit the sources`);
  }
  return { entry: join(target, 'index.ts'), statements };
}
