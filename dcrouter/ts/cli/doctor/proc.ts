/**
 * What Linux tells about a process in `/proc`.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import type { IDoctorContext } from './types.ts';

/** The router when it runs here, otherwise ourselves: who asks is who will probably start it. */
export function subjectOf({ status, local }: IDoctorContext): { readonly pid: number | 'self'; readonly name: string } {
  return status !== undefined && local
    ? { pid: status.pid, name: `the running router (process ${status.pid})` }
    : { pid: 'self', name: 'this user' };
}

/** A file of a process; undefined where the system has none or does not let us. */
export async function readProc(pid: number | 'self', name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
