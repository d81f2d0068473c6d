// Makes the archives of a release, in dependency order; nothing is published.
//
//   npm run release -- [patch|minor|major | --version X] [--repository URL] [--dry-run] [--out DIR]
//
// The repository that the packages name, and by which a registry checks their provenance, is that of the checkout: the
// remote `origin`, unless --repository says otherwise. Only a dry run goes without one.
//
// Without a version it takes the one that the packages have. A dry run leaves the tree as it was; the other kind writes
// the version into every package.json, and the day into the changelogs where they say "unreleased".
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from './process.ts';

/** What is published. */
const folders = ['metrics', 'acme', 'forks/smartproxy', 'forks/smartdns', 'dcrouter'];
const PACK_TIMEOUT_MS = 120_000;
const steps = ['major', 'minor', 'patch'] as const;

interface IManifest {
  readonly name: string;
  version: string;
  readonly license?: string;
  readonly private?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  repository?: { readonly type: 'git'; readonly url: string; readonly directory: string };
  publishConfig?: { readonly access: 'public'; readonly provenance: true };
}

interface IPackage {
  readonly folder: string;
  readonly manifest: IManifest;
}

/** One archive that was made. */
export interface IArchive {
  readonly name: string;
  readonly version: string;
  readonly files: number;
  readonly bytes: number;
  readonly path: string;
}

export interface IReleaseOptions {
  /** The checkout; its packages are built. */
  readonly root: string;
  /** `patch`, `minor`, `major` or an exact version; without it the version stays. */
  readonly version?: string;
  /** Where the archives go. */
  readonly out: string;
  readonly dryRun: boolean;
  /** Where the sources can be cloned from, as {@link repositoryUrl} gives it; undefined when nobody said. */
  readonly repository: string | undefined;
  /** The pinned pnpm's script. */
  readonly pnpm: string;
  /** The day that the changelogs get. */
  readonly today: string;
}

/** Why there is no release. */
export class ReleaseRefused extends Error {}

/** Checks, packs, and outside a dry run writes the version and the day into the tree, last of all. */
export function release(options: IReleaseOptions): IArchive[] {
  const packages = inDependencyOrder(folders.map((folder) => readPackage(options.root, folder)));
  const version = nextVersion(commonVersion(packages), options.version);
  const problems = packages.flatMap((each) => problemsOf(options.root, each, version));
  if (options.repository === undefined && !options.dryRun) {
    problems.push('the checkout has no remote origin: name where the sources can be had with --repository URL');
  }
  if (problems.length > 0) throw new ReleaseRefused(problems.join('\n'));
  const stage = mkdtempSync(join(tmpdir(), 'release-'));
  try {
    for (const { folder } of packages) stagePackage(options.root, stage, folder);
    copyFileSync(join(options.root, 'CHANGELOG.md'), join(stage, 'CHANGELOG.md'));
    writeVersion(stage, version, options.today, true);
    for (const { folder } of packages) nameRepository(stage, folder, options.repository);
    mkdirSync(options.out, { recursive: true });
    const archives = packages.map(({ folder }) => pack(join(stage, folder), options));
    if (!options.dryRun) writeVersion(options.root, version, options.today, false);
    return archives;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function readPackage(root: string, folder: string): IPackage {
  return { folder, manifest: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as IManifest };
}

/** A package comes after those that it needs, so that publishing in this order never names what is not there. */
function inDependencyOrder(packages: readonly IPackage[]): IPackage[] {
  const done: IPackage[] = [];
  let left = [...packages];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ manifest }) => manifest.name));
    const ready = left.filter(({ manifest }) => !Object.keys(manifest.dependencies ?? {}).some((x) => waiting.has(x)));
    if (ready.length === 0) throw new ReleaseRefused(`these need each other: ${[...waiting].join(', ')}`);
    done.push(...ready);
    left = left.filter((each) => !ready.includes(each));
  }
  return done;
}

function commonVersion(packages: readonly IPackage[]): string {
  const versions = [...new Set(packages.map(({ manifest }) => manifest.version))];
  if (versions.length !== 1) throw new ReleaseRefused(`the packages have different versions: ${versions.join(', ')}`);
  return versions[0]!;
}

/** The version after `current`; `wanted` is a step, an exact version, or nothing. */
export function nextVersion(current: string, wanted: string | undefined): string {
  if (wanted === undefined) return current;
  const step = steps.indexOf(wanted as (typeof steps)[number]);
  if (step >= 0) {
    const parts = current.split('-')[0]!.split('.').map(Number);
    return parts.map((part, index) => (index < step ? part : index === step ? part + 1 : 0)).join('.');
  }
  if (/^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z.-]+)?$/.test(wanted)) return wanted;
  throw new ReleaseRefused(`'${wanted}' is neither a version like 1.2.3 nor one of ${steps.join(', ')}`);
}

const entry = (version: string): RegExp => new RegExp(`^## \\[?${RegExp.escape(version)}\\]?(?=[ ,(]|$).*$`, 'm');

function problemsOf(root: string, { folder, manifest }: IPackage, version: string): string[] {
  const problems: string[] = [];
  if (manifest.private === true) problems.push(`${manifest.name} is private`);
  if (manifest.license === undefined) problems.push(`${manifest.name} names no license`);
  if (!existsSync(join(root, folder, 'readme.md'))) problems.push(`${manifest.name} has no readme.md`);
  if (globSync('dist_ts/index.js', { cwd: join(root, folder) }).length === 0) {
    problems.push(`${manifest.name} is not built`);
  }
  const changelog = join(root, folder, 'changelog.md');
  const text = existsSync(changelog) ? readFileSync(changelog, 'utf8') : '';
  if (!entry(version).test(text)) problems.push(`${folder}/changelog.md has no entry for ${version}`);
  return problems;
}

function stagePackage(root: string, stage: string, folder: string): void {
  const left = new Set(['node_modules', 'test', '.cache']);
  cpSync(join(root, folder), join(stage, folder), { recursive: true, filter: (path) => !left.has(basename(path)) });
  copyFileSync(join(root, 'LICENSE'), join(stage, folder, 'LICENSE'));
}

/** Writes version and day below `root`; `exact` also names the exact version where the workspace is meant. */
function writeVersion(root: string, version: string, today: string, exact: boolean): void {
  for (const folder of folders) {
    const { manifest } = readPackage(root, folder);
    manifest.version = version;
    if (exact) {
      delete manifest.devDependencies;
      for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
        if (range.startsWith('workspace:')) manifest.dependencies![name] = version;
      }
    }
    writeFileSync(join(root, folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  }
  for (const file of ['CHANGELOG.md', ...folders.map((folder) => `${folder}/changelog.md`)]) {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replace(entry(version), (line) => line.replace('unreleased', today)),
    );
  }
}

/** What a registry needs to hold the archive to its sources; written into what is packed, never into the tree. */
function nameRepository(stage: string, folder: string, url: string | undefined): void {
  const { manifest } = readPackage(stage, folder);
  manifest.publishConfig = { access: 'public', provenance: true };
  if (url !== undefined) manifest.repository = { type: 'git', url, directory: folder };
  writeFileSync(join(stage, folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * The form that package.json wants (`git+https://…`) of an address that git takes.
 *
 * @throws ReleaseRefused for an address that others cannot clone from, such as a path
 */
export function repositoryUrl(address: string): string {
  const scp = /^(?:[^@/\s]+@)?([^:/\s]+\.[^:/\s]+):(?!\/\/)(\S+)$/.exec(address);
  const text = scp === null ? address.replace(/^git\+/, '') : `https://${scp[1]}/${scp[2]}`;
  if (!/^(?:https|ssh|git):\/\/\S+$/.test(text)) {
    throw new ReleaseRefused(`'${address}' is not an address that others can clone from, like https://host/path.git`);
  }
  const url = new URL(text.replace(/^(?:ssh|git):/, 'https:'));
  url.username = '';
  url.password = '';
  url.port = text.startsWith('https:') ? url.port : '';
  return `git+${url.href.replace(/\/$/, '')}`;
}

/** The checkout's `origin`, where that is an address that others can use. */
function originOf(root: string): string | undefined {
  const { status, stdout } = spawnSync('git', ['remote', 'get-url', 'origin'], { cwd: root, encoding: 'utf8' });
  const address = stdout.trim();
  return status === 0 && /:\/\/|@/.test(address) && !address.startsWith('file:') ? repositoryUrl(address) : undefined;
}

function pack(folder: string, { pnpm, out }: IReleaseOptions): IArchive {
  const args = [pnpm, 'pack', '--json', '--pack-destination', out];
  const result = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: PACK_TIMEOUT_MS,
    env: { ...process.env, CI: 'true' },
  });
  if (result.status !== 0) throw new ReleaseRefused(`${folder} cannot be packed: ${result.stdout}${result.stderr}`);
  const packed = JSON.parse(result.stdout) as { name: string; version: string; filename: string; files: unknown[] };
  const path = join(out, basename(packed.filename));
  const { name, version, files } = packed;
  return { name, version, files: files.length, bytes: readFileSync(path).length, path };
}

/** One line per archive, in the order in which to publish them. */
export function formatArchives(archives: readonly IArchive[]): string {
  const lines = [['name', 'version', 'files', 'bytes']];
  for (const { name, version, files, bytes } of archives) lines.push([name, version, String(files), String(bytes)]);
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const left = 2;
  return lines
    .map((line) => line.map((cell, at) => (at < left ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))))
    .map((line) => `${line.join('  ')}\n`)
    .join('');
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'version': { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      'out': { type: 'string' },
      'repository': { type: 'string' },
    },
  });
  const root = join(import.meta.dirname, '..');
  if (positionals.length > 1 || (positionals.length === 1 && values.version !== undefined)) {
    throw new ReleaseRefused('name one version: patch, minor, major, or --version X');
  }
  const pnpm = globSync('.runtime/pnpm-*/bin/pnpm.cjs', { cwd: root })[0];
  if (pnpm === undefined) throw new ReleaseRefused('the pinned pnpm is not there: start this with npm run release');
  const built = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], root);
  if (built !== 0) throw new ReleaseRefused('the packages do not build');
  const wanted = values.version ?? positionals[0];
  const out = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.out ?? join(root, '.cache/release'));
  const repository = values.repository === undefined ? originOf(root) : repositoryUrl(values.repository);
  const archives = release({
    root,
    ...(wanted === undefined ? {} : { version: wanted }),
    out,
    dryRun: values['dry-run'],
    repository,
    pnpm: join(root, pnpm),
    today: new Date().toISOString().slice(0, 'YYYY-MM-DD'.length),
  });
  process.stdout.write(formatArchives(archives));
  const tree = values['dry-run'] ? 'the tree is as it was' : 'versions and days are written';
  if (repository === undefined) {
    process.stdout.write('no repository is known, so these archives name none; a release needs --repository URL\n');
  }
  process.stdout.write(`packed to ${out}; nothing is published, ${tree}\n`);
  return 0;
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof ReleaseRefused)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
