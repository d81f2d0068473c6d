// Compares the newest published upstream packages with the versions and the types that the forks claim.
//
//   npm run upstream -- check
//
// The last answer of the registry is kept in scripts/upstream.json; without a registry it is used, and said to be old.
// News is not a failure: the exit code is 0 unless the command is wrong.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEntries, type TEntries } from './declarations.ts';

const ASK_TIMEOUT_MS = 60_000;

/** What a fork claims to stand in for. */
export interface IClaim {
  readonly name: string;
  readonly version: string;
  /** What the fork itself exports. */
  readonly ours: TEntries;
}

/** The last answer about one package. */
export interface IAnswer {
  /** The day on which the registry first said so. */
  readonly day: string;
  /** The newest version, or null where the registry does not have the package. */
  readonly newest: string | null;
  /** Declarations of the claimed and of the newest version. */
  readonly versions: Record<string, TEntries>;
}

/** The registry's side. */
export interface IRegistry {
  /** The newest version, or null where there is no such package. @throws {@link Offline} */
  newest(name: string): string | null;
  /** What one version exports, or undefined where that version is not there. @throws {@link Offline} */
  entries(name: string, version: string): TEntries | undefined;
}

/** The registry did not answer. */
export class Offline extends Error {}

/** Asks for one claim; without a registry the last answer stays. Returns what to print and the answer to keep. */
export function checkClaim(
  claim: IClaim,
  registry: IRegistry,
  last: IAnswer | undefined,
  today: string,
): { lines: string[]; answer: IAnswer | undefined } {
  const lines: string[] = [];
  let answer = last;
  try {
    answer = ask(claim, registry, last, today);
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    const instead = last === undefined ? 'and there is no earlier answer' : `the answer of ${last.day} is used`;
    lines.push(`the registry did not answer (${error.message}); ${instead}`);
  }
  if (answer !== undefined) lines.push(...compare(claim, answer));
  return { lines: lines.map((line) => `${claim.name}: ${line}`), answer };
}

function ask(claim: IClaim, registry: IRegistry, last: IAnswer | undefined, today: string): IAnswer {
  const newest = registry.newest(claim.name);
  const versions: Record<string, TEntries> = {};
  for (const version of newest === null ? [] : new Set([claim.version, newest])) {
    // A published version never changes, so what is known of it need not be fetched again.
    const entries = last?.versions[version] ?? registry.entries(claim.name, version);
    if (entries !== undefined) versions[version] = entries;
  }
  const answer = { day: last?.day ?? today, newest, versions };
  return JSON.stringify(answer) === JSON.stringify(last) ? answer : { ...answer, day: today };
}

function compare({ name, version, ours }: IClaim, { newest, versions }: IAnswer): string[] {
  if (newest === null) return [`not available on this registry; ${version} is claimed and cannot be compared`];
  const lines = [
    newest === version ? `${version} is claimed and the newest` : `${version} is claimed, ${newest} is out`,
  ];
  const [then, now] = [versions[version], versions[newest]];
  if (now === undefined) return [...lines, `${name}@${newest} could not be read`];
  if (then === undefined) lines.push(`${version} is not there any more, so changes since are not known`);
  else lines.push(...changes(then, now));
  for (const [entry, exported] of Object.entries(now)) {
    const missing = Object.keys(exported).filter((each) => !Object.hasOwn(ours[entry] ?? {}, each));
    if (missing.length > 0) lines.push(`${entry} exports what the fork does not: ${missing.join(', ')}`);
  }
  return lines;
}

/** One line for each export that came, went or changed. */
export function changes(then: TEntries, now: TEntries): string[] {
  const lines: string[] = [];
  for (const entry of [...new Set([...Object.keys(then), ...Object.keys(now)])].sort()) {
    const [before = {}, after = {}] = [then[entry], now[entry]];
    for (const name of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      const [old, young] = [before[name], after[name]];
      if (young === undefined) lines.push(`${entry} ${name} is gone`);
      else if (old === undefined) lines.push(`${entry} ${name} is new`);
      else {
        lines.push(...old.filter((line) => !young.includes(line)).map((line) => `${entry} ${name} - ${line}`));
        lines.push(...young.filter((line) => !old.includes(line)).map((line) => `${entry} ${name} + ${line}`));
      }
    }
  }
  return lines;
}

function npm(args: readonly string[], cwd: string): { ok: boolean; output: string; missing: boolean } {
  const settings = ['--fetch-retries=0', '--fetch-timeout=10000'];
  const result = spawnSync('npm', [...args, ...settings], { cwd, encoding: 'utf8', timeout: ASK_TIMEOUT_MS });
  const said = `${result.stderr ?? ''}${result.error?.message ?? ''}`;
  return { ok: result.status === 0, output: result.stdout ?? '', missing: /\bE404\b|\bETARGET\b/.test(said) };
}

/** The registry that npm is set to. */
export const npmRegistry: IRegistry = {
  newest(name) {
    const { ok, output, missing } = npm(['view', name, 'version'], tmpdir());
    if (missing) return null;
    if (!ok || output.trim() === '') throw new Offline('npm view failed');
    return output.trim();
  },
  entries(name, version) {
    const scratch = mkdtempSync(join(tmpdir(), 'upstream-'));
    try {
      const { ok, missing } = npm(['pack', '--silent', `${name}@${version}`], scratch);
      const archive = readdirSync(scratch).find((file) => file.endsWith('.tgz'));
      if (missing) return undefined;
      if (!ok || archive === undefined) throw new Offline('npm pack failed');
      const unpacked = spawnSync('tar', ['-xzf', archive], { cwd: scratch, timeout: ASK_TIMEOUT_MS });
      if (unpacked.status !== 0) throw new Offline(`the archive of ${name}@${version} cannot be unpacked`);
      return readEntries(join(scratch, 'package'));
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};

function main(args: readonly string[]): number {
  if (args.length !== 1 || args[0] !== 'check') {
    process.stderr.write('npm run upstream -- check\n');
    return 2;
  }
  const file = join(import.meta.dirname, 'upstream.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, IAnswer>) : {};
  const next: Record<string, IAnswer> = {};
  for (const fork of ['smartdns', 'smartproxy']) {
    const folder = join(import.meta.dirname, '../forks', fork);
    const { upstream } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      upstream: { name: string; version: string };
    };
    const today = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
    const claim = { ...upstream, ours: readEntries(folder) };
    const { lines, answer } = checkClaim(claim, npmRegistry, known[upstream.name], today);
    process.stdout.write(`${lines.join('\n')}\n`);
    if (answer !== undefined) next[upstream.name] = answer;
  }
  if (JSON.stringify(next) !== JSON.stringify(known)) writeFileSync(file, `${JSON.stringify(next, null, 2)}\n`);
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
