// Fetches a base package by exact version, and unpacks it only when it is the very archive that the series names.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './paths.ts';
import { run } from './run.ts';
import type { IBase } from './series.ts';

/** The base cannot be had here, so nothing can be said about the patches. */
export class BaseUnavailable extends Error {}

/** Unpacks the untouched package below `target`, fetched or from the cache; a cached archive is hashed again. */
export function fetchBase(base: IBase, target: string): string {
  const name = `${base.name.replace('@', '').replace('/', '-')}-${base.version}`;
  const folder = join(cacheFolder, 'bases');
  const archive = join(folder, `${name}.tgz`);
  mkdirSync(folder, { recursive: true });
  if (base.integrity === 'unknown') {
    throw new BaseUnavailable(`${base.name}@${base.version} was never had, ${registryHas(base)}`);
  }
  if (!existsSync(archive)) download(base, archive);
  const actual = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (actual !== base.integrity) {
    rmSync(archive);
    throw new BaseUnavailable(
      `${base.name}@${base.version} has the hash ${actual}, the series names ${base.integrity}`,
    );
  }
  const unpacked = join(target, 'base');
  mkdirSync(unpacked, { recursive: true });
  const result = run('tar', ['-xzf', archive, '-C', unpacked], folder);
  if (!result.ok) throw new BaseUnavailable(`${archive} cannot be unpacked: ${result.output}`);
  return join(unpacked, 'package');
}

/** What the registry says of a base whose hash the series does not name. */
function registryHas({ name, version }: IBase): string {
  const result = run('npm', ['view', `${name}@${version}`, 'dist.integrity', '--fetch-retries=0'], cacheFolder);
  const hash = /^sha512-\S+$/m.exec(result.output)?.[0];
  if (result.ok && hash !== undefined) return `and is on the registry now: name its hash in the series, ${hash}`;
  return result.output.includes('E404') ? 'and is not on the registry' : 'and the registry did not answer';
}

function download(base: IBase, archive: string): void {
  const scratch = mkdtempSync(join(cacheFolder, 'fetch-'));
  try {
    const result = run('npm', ['pack', '--silent', `${base.name}@${base.version}`], scratch);
    const file = readdirSync(scratch).find((entry) => entry.endsWith('.tgz'));
    if (!result.ok || file === undefined) {
      const said = result.output.split('\n').find((line) => /code|not found|E[0-9]{3}/.test(line)) ?? result.output;
      throw new BaseUnavailable(`${base.name}@${base.version} cannot be fetched: ${said.trim()}`);
    }
    renameSync(join(scratch, file), archive);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Copies a package's text: binaries are megabytes and no patch touches them. */
export function copyWithoutBinaries(source: string, target: string): void {
  rmSync(target, { recursive: true, force: true });
  cpSync(source, target, { recursive: true, filter: (path) => !path.endsWith('/dist_rust') });
}
