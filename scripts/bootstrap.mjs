// Brings a fresh checkout to a running state and hands over: runtime, package manager, install, build, task.
//
//   node scripts/bootstrap.mjs start|test|build|check|format|bench|patches|release|upstream [arguments]
//
// Plain JavaScript without dependencies, because it runs on whatever Node (18 or later) the machine has.
// Everything that it fetches goes into git-ignored folders of the checkout; nothing is installed globally.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pins = JSON.parse(readFileSync(join(root, 'scripts/runtime.json'), 'utf8'));
const runtimeDir = join(root, '.runtime');
const cacheDir = join(root, '.cache');

// What each task runs once the workspace is ready. `build: false` marks tasks that work on sources alone.
const tasks = {
  start: { script: 'scripts/start.ts', build: true },
  test: { script: 'scripts/test.ts', build: true },
  build: { script: null, build: true },
  check: { script: 'scripts/check.ts', build: true },
  format: { script: 'scripts/format.ts', build: false },
  bench: { script: 'bench/run.ts', build: true },
  patches: { script: 'patches/tool/main.ts', build: false },
  release: { script: 'scripts/release.ts', build: true },
  upstream: { script: 'scripts/upstream.ts', build: true },
};

class StepFailed extends Error {}

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs one step and prints its name with the time it took, unless it had nothing to do. */
function step(name, work) {
  const startedAt = process.hrtime.bigint();
  const detail = work();
  if (detail === undefined) return;
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  say(`dcrouter: ${name}: ${detail} (${seconds.toFixed(1)} s)`);
}

/** npm's own settings reach us when npm started us; another package manager would complain about them. */
function cleanEnv(extra) {
  const env = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (/^npm_(config|package|lifecycle|node|command|execpath)/i.test(key)) continue;
    env[key] = value;
  }
  return { ...env, ...extra };
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: cleanEnv(),
    ...options,
  });
  if (result.error) throw new StepFailed(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) {
    const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
    throw new StepFailed(
      `${command} ${args.slice(0, 3).join(' ')} ended with ${result.status ?? result.signal}\n${output}`,
    );
  }
  return result.stdout ?? '';
}

/** Fetches one exact package version from the npm registry, checks its hash and unpacks it to `target`. */
function fetchPackage(pin, version, target) {
  mkdirSync(runtimeDir, { recursive: true });
  const scratch = mkdtempSync(join(runtimeDir, '.fetch-'));
  try {
    run('npm', ['pack', '--silent', `${pin.name}@${version}`], { cwd: scratch });
    const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz'));
    if (!tarball) throw new StepFailed(`npm pack ${pin.name}@${version} left no archive`);
    const actual = `sha512-${createHash('sha512')
      .update(readFileSync(join(scratch, tarball)))
      .digest('base64')}`;
    if (actual !== pin.integrity) {
      throw new StepFailed(`${pin.name}@${version} has the hash ${actual}; scripts/runtime.json pins ${pin.integrity}`);
    }
    run('tar', ['-xzf', tarball], { cwd: scratch });
    // A rename is atomic: an interrupted run never leaves half a runtime behind.
    rmSync(target, { recursive: true, force: true });
    renameSync(join(scratch, 'package'), target);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function nodeBinary() {
  const own = Number(process.versions.node.split('.')[0]);
  if (own >= pins.minimumNode) return { path: process.execPath, fetched: false };
  return { path: join(runtimeDir, `node-${pins.node.version}`, 'bin/node'), fetched: true };
}

function ensureRuntime() {
  const { path, fetched } = nodeBinary();
  if (!fetched || existsSync(path)) return undefined;
  const platform = `${process.platform}-${process.arch}`;
  const pin = pins.node.packages[platform];
  if (!pin) {
    throw new StepFailed(
      `no pinned runtime for ${platform}; install Node ${pins.minimumNode} or later and run the command again`,
    );
  }
  fetchPackage(pin, pins.node.version, join(runtimeDir, `node-${pins.node.version}`));
  const works = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (works.status !== 0) {
    throw new StepFailed(
      `the fetched Node ${pins.node.version} does not run here (${(works.stderr || works.error?.message || '').trim()}); ` +
        `install Node ${pins.minimumNode} or later and run the command again`,
    );
  }
  return `fetched Node ${pins.node.version}, this machine has ${process.versions.node}`;
}

function pnpmScript() {
  return join(runtimeDir, `pnpm-${pins.pnpm.version}`, 'bin/pnpm.cjs');
}

function ensurePnpm() {
  if (existsSync(pnpmScript())) return undefined;
  fetchPackage(pins.pnpm, pins.pnpm.version, join(runtimeDir, `pnpm-${pins.pnpm.version}`));
  return `fetched pnpm ${pins.pnpm.version}`;
}

/** Every package.json of the workspace, found the way pnpm-workspace.yaml lists them. */
function manifests() {
  const found = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'];
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    if (name.startsWith('.') || name === 'node_modules') continue;
    if (existsSync(join(root, name, 'package.json'))) found.push(join(name, 'package.json'));
    if (name !== 'forks') continue;
    for (const fork of readdirSync(join(root, name))) {
      if (existsSync(join(root, name, fork, 'package.json'))) found.push(join(name, fork, 'package.json'));
    }
  }
  return found;
}

function hashFiles(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function stampIs(name, value) {
  const file = join(cacheDir, name);
  return existsSync(file) && readFileSync(file, 'utf8') === value;
}

function writeStamp(name, value) {
  mkdirSync(cacheDir, { recursive: true });
  writeFileSync(join(cacheDir, name), value);
}

function ensureInstalled() {
  const fingerprint = hashFiles(manifests());
  if (stampIs('installed', fingerprint) && existsSync(join(root, 'node_modules'))) return undefined;
  const node = nodeBinary().path;
  run(node, [pnpmScript(), 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'], {
    env: cleanEnv({ CI: 'true', PATH: `${dirname(node)}:${process.env.PATH}` }),
  });
  writeStamp('installed', fingerprint);
  return 'installed from the lockfile';
}

/** Sources by path, size and change time: enough to know that nothing changed, in a few milliseconds. */
function sourceFingerprint() {
  const hash = createHash('sha256');
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name === 'node_modules' || entry.name.startsWith('.') || entry.name.startsWith('dist_ts')) continue;
        visit(path);
      } else if (/\.(ts|json)$/.test(entry.name)) {
        const { size, mtimeMs } = statSync(join(root, path));
        hash.update(`${path}\0${size}\0${mtimeMs}\n`);
      }
    }
  };
  for (const folder of ['metrics', 'acme', 'forks', 'dcrouter', 'test', 'bench', 'scripts']) visit(folder);
  return hash.digest('hex');
}

function ensureBuilt() {
  const fingerprint = sourceFingerprint();
  if (stampIs('built', fingerprint) && existsSync(join(root, 'dcrouter/dist_ts/index.js'))) return undefined;
  run(nodeBinary().path, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  writeStamp('built', fingerprint);
  return 'built what was stale';
}

/** Starts the task and becomes transparent: same terminal, same signals, same exit code. */
function handOver(script, args) {
  const node = nodeBinary().path;
  const child = spawn(
    node,
    ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning', join(root, script), ...args],
    {
      cwd: process.env.INIT_CWD ?? process.cwd(),
      stdio: 'inherit',
      env: cleanEnv({ PATH: `${dirname(node)}:${process.env.PATH}`, DCROUTER_ROOT: root }),
    },
  );
  // A terminal sends Ctrl-C to the whole group and a supervisor signals only us: pass everything on, and let the task
  // take two copies of one signal for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    say(`dcrouter: ${script} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

const [taskName = 'start', ...taskArgs] = process.argv.slice(2);
const task = tasks[taskName];
if (!task) {
  say(`dcrouter: there is no task '${taskName}'; there are ${Object.keys(tasks).join(', ')}`);
  process.exit(2);
}
try {
  step('runtime', ensureRuntime);
  step('pnpm', ensurePnpm);
  step('install', ensureInstalled);
  if (task.build) step('build', ensureBuilt);
  if (task.script) handOver(task.script, taskArgs);
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  say(`dcrouter: ${error.message}`);
  process.exit(1);
}
