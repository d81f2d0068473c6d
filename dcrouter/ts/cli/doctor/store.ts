import { constants } from 'node:fs';
import { access, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Client } from 'pg';
import type { TStoreConfig } from '../../config/schema/index.ts';
import { fileFault } from '../errors.ts';
import { formatBytes } from '../format.ts';
import { doctorLimits } from './limits.ts';
import { fault, notChecked, ok, warning, type ICheck, type IDoctorContext, type IFinding } from './types.ts';

/** What must be kept can be kept. */
export const store: ICheck = {
  name: 'store',
  run: async (context) => {
    const { config, status, local } = context;
    if (config === undefined) return [notChecked('without a valid configuration no store is known')];
    const findings: IFinding[] = [];
    if (status?.store?.reachable === true)
      findings.push(ok(`the running router reaches its ${status.store.dialect} store`));
    if (status?.store?.reachable === false || (status !== undefined && status.store === null))
      findings.push(
        fault('the running router does not reach its store; changes are refused', 'dcrouter logs --match store'),
      );
    if (config.store.type === 'memory')
      return [...findings, warning('store.type is memory: nothing survives a restart', 'set store.type to sqlite')];
    if (status !== undefined && !local) return [...findings, notChecked('its files are on another machine')];
    const own =
      config.store.type === 'sqlite' ? await sqlite(config.store, context) : await postgres(config.store, context);
    return [...findings, ...own];
  },
};

async function sqlite(
  { path }: Extract<TStoreConfig, { type: 'sqlite' }>,
  { file }: IDoctorContext,
): Promise<IFinding[]> {
  if (file === undefined && !isAbsolute(path))
    return [notChecked(`${path} is relative to the document`, 'name it: dcrouter doctor --config FILE')];
  const database = isAbsolute(path) ? path : join(dirname(resolve(file!)), path);
  const folder = dirname(database);
  const findings: IFinding[] = [];
  for (const [name, mode] of [
    [folder, constants.W_OK | constants.X_OK],
    [database, constants.R_OK | constants.W_OK],
  ] as const) {
    try {
      await access(name, mode);
    } catch (error) {
      // A store that is not there yet is made at the first start.
      if (name === database && (error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      const remedy =
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? `mkdir -p ${name}`
          : `let the router's user write it: chown USER ${name}`;
      findings.push(fault(`${name} cannot be written: ${fileFault(error)}`, remedy));
    }
  }
  if (findings.length > 0) return findings;
  findings.push(...(await disk(folder)));
  const { mode } = await stat(database).catch(() => ({ mode: 0 }));
  if ((mode & 0o007) !== 0)
    findings.push(
      warning(`everybody on this machine may read ${database}, which holds keys`, `chmod o-rwx ${database}*`),
    );
  return findings;
}

async function disk(folder: string): Promise<IFinding[]> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const told = `${formatBytes(free)} free for ${folder}`;
  const remedy = `make room: df -h ${folder}`;
  if (free < doctorLimits.diskBytesMin) return [fault(told, remedy)];
  return [free < doctorLimits.diskBytesWanted ? warning(told, remedy) : ok(told)];
}

/** Connects and asks one thing; changes nothing. */
async function postgres(
  { url, urlFile }: Extract<TStoreConfig, { type: 'postgres' }>,
  { file }: IDoctorContext,
): Promise<IFinding[]> {
  if (url === '(secret)') return [notChecked('the address of the database is secret', 'dcrouter doctor --config FILE')];
  const path = urlFile === undefined || file === undefined ? urlFile : resolve(dirname(resolve(file)), urlFile);
  try {
    const connectionString = url ?? (await readFile(path!, 'utf8')).trim();
    const client = new Client({ connectionString, connectionTimeoutMillis: doctorLimits.probeMs });
    // Told by the query that fails.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ recovery: boolean; version: string }>(
        "select pg_is_in_recovery() as recovery, current_setting('server_version') as version",
      );
      if (rows[0]?.recovery === true)
        return [fault('the PostgreSQL server is a standby, which takes no changes', 'name the primary in store.url')];
      return [ok(`PostgreSQL ${rows[0]?.version} answers`)];
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    const reason = (error as Error).message || String((error as NodeJS.ErrnoException).code);
    return [fault(`the PostgreSQL server does not let us in: ${reason}`, 'check the address, then: pg_isready -d URL')];
  }
}
