// Makes the published upstream package run here, in a private folder below .cache.
//
//   node bench/dns/peer-upstream.ts         prepares it and says where it is, or why it cannot be had
//
// Its binaries want glibc 2.38. Where the machine's C library is older, Debian 13's is fetched with apt against a
// sources list, state and cache of its own (nothing of the system is touched), unpacked, and the binaries of a private
// copy of the package are started through its loader.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { benchFolder, cacheFolder } from '../harness/paths.ts';
import { findProgram } from '../harness/tools.ts';

const PACKAGE = '@push.rocks/smartdns';
/** The one symbol version that the binaries need and Debian 12 lacks. */
const GLIBC_NEEDED = [2, 38] as const;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEBIAN_SUITE = 'trixie';
const LIBRARY_PACKAGES = ['libc6', 'libgcc-s1'];
const APT_TIMEOUT_MS = 60_000;

/** The loader and the library folder of a Debian package tree, by Node's name of the architecture. */
const loaders: Readonly<Record<string, { loader: string; folder: string; suffix: string }>> = {
  x64: { loader: 'ld-linux-x86-64.so.2', folder: 'x86_64-linux-gnu', suffix: 'linux_amd64' },
  arm64: { loader: 'ld-linux-aarch64.so.1', folder: 'aarch64-linux-gnu', suffix: 'linux_arm64' },
};

/** Why upstream cannot run on this machine. */
export class UpstreamUnavailable extends Error {}

export interface IPreparedUpstream {
  readonly version: string;
  /** The private copy of the package: import `dist_ts_server/index.js` or `dist_ts_client/index.js` below it. */
  readonly folder: string;
}

const readyFile = (): string => join(cacheFolder('upstream-smartdns'), 'ready.json');

/** What was prepared earlier; undefined when nothing was. */
export function preparedUpstream(): IPreparedUpstream | undefined {
  const file = readyFile();
  if (!existsSync(file)) return undefined;
  const prepared = JSON.parse(readFileSync(file, 'utf8')) as IPreparedUpstream;
  return existsSync(join(prepared.folder, 'package.json')) ? prepared : undefined;
}

/**
 * Prepares upstream, or returns what is there.
 *
 * @throws {@link UpstreamUnavailable} with the reason
 */
export function prepareUpstream(): IPreparedUpstream {
  const known = preparedUpstream();
  if (known !== undefined) return known;
  const machine = loaders[process.arch];
  if (process.platform !== 'linux' || machine === undefined) {
    throw new UpstreamUnavailable(`it has no binaries for ${process.platform} ${process.arch}`);
  }
  const source = installedPackage();
  // A folder of its own for each process: several may prepare at the same time, and the last one to finish counts.
  const build = cacheFolder('upstream-smartdns', `build-${process.pid}`);
  try {
    const folder = copyPackage(source, join(build, 'package'));
    if (!glibcIsNewEnough()) useNewerLibrary(join(folder, 'dist_rust'), machine, unpackLibraries(join(build, 'apt')));
    for (const name of ['rustdns', 'rustdns-client']) proveRuns(join(folder, 'dist_rust', `${name}_${machine.suffix}`));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    const prepared = { version, folder };
    const draft = join(build, 'ready.json');
    writeFileSync(draft, `${JSON.stringify(prepared)}\n`);
    renameSync(draft, readyFile());
    return prepared;
  } catch (error) {
    rmSync(build, { recursive: true, force: true });
    throw error;
  }
}

/** The package as the bench workspace has it installed. */
function installedPackage(): string {
  const require = createRequire(join(benchFolder, 'package.json'));
  const found = require.resolve.paths(PACKAGE)?.find((path) => existsSync(join(path, PACKAGE, 'package.json')));
  if (found === undefined) throw new UpstreamUnavailable(`${PACKAGE} is not installed: run pnpm install`);
  return realpathSync(join(found, PACKAGE));
}

/** Copies the package and links its dependencies beside it, as pnpm has them beside the original. */
function copyPackage(source: string, target: string): string {
  const folder = join(target, 'node_modules', PACKAGE);
  cpSync(source, folder, { recursive: true });
  const siblings = dirname(dirname(source));
  for (const entry of readdirSync(siblings)) {
    if (entry.startsWith('.')) continue;
    const names = entry.startsWith('@') ? readdirSync(join(siblings, entry)).map((name) => join(entry, name)) : [entry];
    for (const name of names) {
      const link = join(target, 'node_modules', name);
      if (existsSync(link)) continue;
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(realpathSync(join(siblings, name)), link);
    }
  }
  return folder;
}

function glibcIsNewEnough(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const [major = 0, minor = 0] = (header.glibcVersionRuntime ?? '0.0').split('.').map(Number);
  return major > GLIBC_NEEDED[0] || (major === GLIBC_NEEDED[0] && minor >= GLIBC_NEEDED[1]);
}

/** Fetches and unpacks Debian's packages; returns the folder of the tree. */
function unpackLibraries(folder: string): string {
  const aptGet = findProgram('apt-get');
  const dpkg = findProgram('dpkg');
  if (aptGet === undefined || dpkg === undefined) {
    throw new UpstreamUnavailable(
      'the C library is too old for its binaries, and there is no apt-get to fetch another',
    );
  }
  if (!existsSync(KEYRING)) throw new UpstreamUnavailable(`${KEYRING} is missing: install debian-archive-keyring`);
  for (const part of ['lists/partial', 'cache/archives/partial', 'debs', 'tree']) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(
    join(folder, 'sources.list'),
    `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${DEBIAN_SUITE} main\n`,
  );
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Languages': 'none',
    'APT::Update::Error-Mode': 'any',
    'Acquire::http::Timeout': '10',
    'Acquire::Retries': '0',
    // The download goes into a folder of ours that apt's own user may not be able to enter.
    'APT::Sandbox::User': '',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const debs = join(folder, 'debs');
  run(aptGet, [...options, '-q', 'update'], debs);
  run(aptGet, [...options, '-q', 'download', ...LIBRARY_PACKAGES], debs);
  const files = readdirSync(debs).filter((file) => file.endsWith('.deb'));
  for (const file of files) run(dpkg, ['-x', join(debs, file), join(folder, 'tree')], debs);
  return join(folder, 'tree');
}

function run(command: string, args: readonly string[], cwd: string): void {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: APT_TIMEOUT_MS });
  if (result.status === 0) return;
  const lines = `${result.stdout ?? ''}\n${result.stderr ?? ''}`.trim().split('\n');
  const said = lines.find((line) => line.startsWith('E: ')) ?? lines.at(-1);
  throw new UpstreamUnavailable(`${command.split('/').at(-1)} failed: ${result.error?.message ?? said}`);
}

/** Puts a script in the place of each binary that starts it through the newer loader. The process stays one. */
function useNewerLibrary(
  folder: string,
  machine: { loader: string; folder: string; suffix: string },
  tree: string,
): void {
  const libraries = [`usr/lib/${machine.folder}`, `lib/${machine.folder}`].map((path) => join(tree, path));
  const loader = libraries.map((path) => join(path, machine.loader)).find((path) => existsSync(path));
  if (loader === undefined) throw new UpstreamUnavailable(`no ${machine.loader} in the unpacked packages`);
  for (const name of readdirSync(folder).filter((file) => file.endsWith(machine.suffix))) {
    const script = join(folder, name);
    const binary = join(folder, `${name}.binary`);
    renameSync(script, binary);
    writeFileSync(script, `#!/bin/sh\nexec '${loader}' --library-path '${libraries.join(':')}' '${binary}' "$@"\n`);
    chmodSync(script, 0o755);
  }
}

/** The binaries want a mode flag; without one they print their usage, which shows that they load. */
function proveRuns(binary: string): void {
  const result = spawnSync(binary, ['--help'], { encoding: 'utf8', timeout: 10_000 });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  if (result.error === undefined && !/GLIBC_|error while loading|not found/.test(output)) return;
  throw new UpstreamUnavailable(`its binary does not start: ${result.error?.message ?? output.trim().split('\n')[0]}`);
}

if (import.meta.main) {
  try {
    const { version, folder } = prepareUpstream();
    console.log(`${PACKAGE} ${version} is ready in ${folder}`);
  } catch (error) {
    if (!(error instanceof UpstreamUnavailable)) throw error;
    console.log(`${PACKAGE} is unavailable: ${error.message}`);
    process.exitCode = 1;
  }
}
