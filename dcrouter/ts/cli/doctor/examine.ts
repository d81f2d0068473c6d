/**
 * All checks, one after another.
 *
 * @module
 */
import { api } from './api.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { configuration } from './configuration.ts';
import { descriptors } from './descriptors.ts';
import { dns } from './dns.ts';
import { ports } from './ports.ts';
import { privileges } from './privileges.ts';
import { store } from './store.ts';
import { notChecked, type ICheck, type IDoctorContext, type INamedFinding } from './types.ts';
import { upstreams } from './upstreams.ts';

/** In the order in which they are told: what others depend on comes first. */
export const CHECKS: readonly ICheck[] = [
  configuration,
  api,
  ports,
  privileges,
  descriptors,
  clock,
  store,
  certificates,
  dns,
  upstreams,
];

export async function examine(context: IDoctorContext): Promise<INamedFinding[]> {
  const findings: INamedFinding[] = [];
  for (const check of CHECKS) {
    // A check that cannot be made must not hide the others; what stood in its way is told.
    const found = await check
      .run(context)
      .catch((error: unknown) => [notChecked(`failed: ${(error as Error).message}`)]);
    findings.push(...found.map((each) => ({ check: check.name, ...each })));
  }
  return findings;
}
