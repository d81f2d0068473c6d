// Starts the server of one side of a row and writes the queries that it is asked.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../harness/certificate.ts';
import { scratchFolder } from '../harness/paths.ts';
import { type IRunningServer, freePort, startServer } from '../harness/server.ts';
import type { IDnsSide } from './rows.ts';
import { type IDnsScenario, ZONE, isShared, queriedNames } from './scenario.ts';

export const sideName = (side: IDnsSide): string =>
  side.label ?? `${side.peer.name} ${side.peer.version() ?? ''}`.trim();

/** Starts a side's server; its folder, ports and certificate are new. */
export async function startSide(
  side: IDnsSide,
  https = false,
): Promise<{ server: IRunningServer; scenario: IDnsScenario }> {
  const folder = scratchFolder(`dns-${side.peer.name.replace(/\W+/g, '-')}`);
  const scenario: IDnsScenario = {
    port: await freePort(),
    handlers: side.handlers,
    shared: isShared(side.handlers, side.names),
    dnssec: side.dnssec === true,
    observed: side.observed !== false,
    batch: side.batch === true,
    httpsPort: https ? await freePort() : 0,
    folder,
    ...makeCertificate(folder, ZONE),
  };
  return { server: await startServer(await side.peer.command(scenario)), scenario };
}

/** A file with the names that a side is asked for, as `name type-number`. */
export function queryFile(side: IDnsSide, format: (name: string) => string = (name) => `${name} 1`): string {
  const file = join(scratchFolder('queries'), 'queries');
  writeFileSync(file, `${queriedNames(side.handlers, side.names).map(format).join('\n')}\n`);
  return file;
}
