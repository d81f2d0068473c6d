/**
 * A PostgreSQL server for tests: a cluster of its own in a temporary folder, reached through a Unix socket.
 *
 * @module
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION_MIN = 15;
/** A cluster is made in two seconds; a loaded machine may take many times that. */
const START_MS = 60_000;

/** Debian keeps each major version in a folder of its own; elsewhere the programs are on the path. */
function programs(): string | undefined {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).filter((name) => Number(name) >= VERSION_MIN) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(base, newest, 'bin');
}

/** Why tests with PostgreSQL cannot run here, for `skip`; false when they can. */
export const postgresMissing: string | false =
  programs() === undefined ? 'PostgreSQL 15 or newer is not installed (Debian package: postgresql)' : false;

export interface IPostgresOptions {
  /**
   * Commits reach the disk, as in production; off unless a test is about that. Without it they still survive the end of
   * the server's processes, only not that of the machine.
   */
  readonly durable?: boolean;
}

export interface IPostgres {
  /** Makes an empty database and resolves to its URL. */
  createDatabase(): Promise<string>;
  /** Runs SQL in a database as the superuser, outside every store. */
  query(url: string, sql: string): Promise<string>;
  /** Ends the server: `fast` ends its connections, `immediate` is a crash. */
  halt(how: 'fast' | 'immediate'): Promise<void>;
  /** Starts it again on the same data and socket. */
  resume(): Promise<void>;
  /** Freezes and thaws every process of the server: connections stay and nothing answers. */
  freeze(frozen: boolean): Promise<void>;
  /** Ends the server and removes everything. */
  stop(): Promise<void>;
}

export async function startPostgres({ durable = false }: IPostgresOptions = {}): Promise<IPostgres> {
  const bin = programs();
  if (bin === undefined) throw new Error(String(postgresMissing));
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-pg-'));
  const owner = await databaseOwner();
  if (owner) await chown(folder, owner.uid, owner.gid);
  const as = { ...owner, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } };
  const data = join(folder, 'data');
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], as);
  const settings = [
    `unix_socket_directories=${folder}`,
    'listen_addresses=',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off']),
  ].flatMap((setting) => ['-c', setting]);
  let server: ChildProcess | undefined;
  let databases = 0;

  const start = async (): Promise<void> => {
    server = await startServer(join(bin, 'postgres'), ['-D', data, ...settings], as);
  };
  const halt = async (how: 'fast' | 'immediate'): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    // PostgreSQL's own meaning of the signals.
    server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  };
  const urlOf = (name: string): string => `postgres://postgres@/${name}?host=${encodeURIComponent(folder)}`;
  const query = async (url: string, sql: string): Promise<string> =>
    (await run(join(bin, 'psql'), ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', sql, url], as)).stdout.trim();

  await start();
  return {
    query,
    halt,
    resume: start,
    createDatabase: async () => {
      const name = `test_${(databases += 1)}`;
      await query(urlOf('postgres'), `create database ${name}`);
      return urlOf(name);
    },
    freeze: async (frozen) => {
      const signal = frozen ? 'SIGSTOP' : 'SIGCONT';
      for (const pid of [server!.pid!, ...(await childrenOf(server!.pid!))]) process.kill(pid, signal);
    },
    stop: async () => {
      await halt('immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: then it runs as the user that Debian's package has made. */
async function databaseOwner(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout));
  return { uid: Number(uid), gid: Number(gid) };
}

async function startServer(program: string, args: string[], options: object): Promise<ChildProcess> {
  const server = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready after ${START_MS} ms:\n${seen.join('\n')}`)), START_MS);
    createInterface(server.stderr!).on('line', (line) => {
      // The pipe must be read to the end, or the server would block on a full one.
      if (seen.length < 100) seen.push(line);
      if (!line.includes('database system is ready to accept connections')) return;
      clearTimeout(late);
      resolve();
    });
    server.once('exit', () => {
      clearTimeout(late);
      reject(new Error(`PostgreSQL ended:\n${seen.join('\n')}`));
    });
  });
  return server;
}

async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const { stdout } = await run('cat', [`/proc/${pid}/task/${task}/children`]);
    found.push(...stdout.split(/\s+/).filter(Boolean).map(Number));
  }
  return found;
}
