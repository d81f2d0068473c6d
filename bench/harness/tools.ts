// Compiles the C load tools on demand and finds installed programs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { benchFolder, cacheFolder } from './paths.ts';

/** Path of a program, looked for in PATH and in the folders where Debian puts servers; undefined when absent. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder !== '' && existsSync(path)) return path;
  }
  return undefined;
}

/** What a program prints about its version, or undefined. */
export function programOutput(command: string, args: readonly string[]): string | undefined {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  if (result.error) return undefined;
  return `${result.stdout}${result.stderr}`;
}

/** The tool could not be built; the message says what to install. */
export class ToolUnavailable extends Error {}

const built = new Map<string, string>();

/**
 * Builds `bench/load/<name>.c` and returns the program's path. Rebuilt only when a source changed.
 * @throws {@link ToolUnavailable} without a C compiler.
 */
export function buildTool(name: string): string {
  const known = built.get(name);
  if (known !== undefined) return known;
  const folder = join(benchFolder, 'load');
  const source = join(folder, `${name}.c`);
  const compiler = findProgram('gcc') ?? findProgram('cc');
  if (compiler === undefined) {
    throw new ToolUnavailable('no C compiler: install gcc (scripts/install-bench-peers does)');
  }
  const flags = ['-O2', '-Wall', '-Wextra'];
  const libraries: string[] = [];
  if (readFileSync(source, 'utf8').includes('WITH_TLS') && existsSync('/usr/include/openssl/ssl.h')) {
    flags.push('-DWITH_TLS');
    libraries.push('-lssl', '-lcrypto');
  }
  const hash = createHash('sha256').update(flags.join(' ')).update(readFileSync(source));
  for (const file of readdirSync(folder).filter((file) => file.endsWith('.h'))) {
    hash.update(readFileSync(join(folder, file)));
  }
  const target = join(cacheFolder('tools'), `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(target)) {
    const scratch = `${target}.${process.pid}`;
    const result = spawnSync(compiler, [...flags, '-o', scratch, source, ...libraries], { encoding: 'utf8' });
    if (result.status !== 0) throw new ToolUnavailable(`${name}.c does not compile:\n${result.stderr}`);
    renameSync(scratch, target);
  }
  built.set(name, target);
  return target;
}

/** Whether the HTTP load tool can speak TLS here. */
export function hasTlsLoad(): boolean {
  return existsSync('/usr/include/openssl/ssl.h');
}
