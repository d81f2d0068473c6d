/**
 * What a check is, and what it finds.
 *
 * @module
 */
import type { TConfig } from '../../config/schema/index.ts';
import type { IStatus } from '../answers.ts';
import type { ApiClient } from '../client/client.ts';
import type { CliError } from '../errors.ts';

export type TLevel = 'ok' | 'warning' | 'error' | 'not-checked';

export interface IFinding {
  readonly level: TLevel;
  /** What is so, or what is wrong. */
  readonly message: string;
  /** The command or the change that mends it. */
  readonly remedy?: string;
}

/** A finding with the check that it is of. */
export interface INamedFinding extends IFinding {
  readonly check: string;
}

export interface IDoctorContext {
  /** The document; undefined when only the running router was named. */
  readonly file: string | undefined;
  /** Undefined when there is none, or it is not valid. */
  readonly config: TConfig | undefined;
  /** What is to be said about the document. */
  readonly problems: readonly IFinding[];
  readonly client: ApiClient;
  /** Of the running router; undefined when none answers. */
  readonly status: IStatus | undefined;
  readonly apiFault: CliError | undefined;
  /** Whether the running router is on this machine. */
  readonly local: boolean;
  /** Resolver for names of others, `address` or `address:port`. */
  readonly resolver: string | undefined;
  readonly tokenFile: string | undefined;
  readonly nowMs: number;
}

export interface ICheck {
  readonly name: string;
  run(context: IDoctorContext): Promise<readonly IFinding[]>;
}

export const ok = (message: string): IFinding => ({ level: 'ok', message });
export const warning = (message: string, remedy?: string): IFinding => finding('warning', message, remedy);
export const fault = (message: string, remedy?: string): IFinding => finding('error', message, remedy);
export const notChecked = (message: string, remedy?: string): IFinding => finding('not-checked', message, remedy);

function finding(level: TLevel, message: string, remedy: string | undefined): IFinding {
  return { level, message, ...(remedy !== undefined && { remedy }) };
}

/** Calls `work` for every item, a few at a time; results in the order of the items. */
export async function eachOf<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) {
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(work))));
  }
  return results;
}
