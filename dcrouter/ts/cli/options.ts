/**
 * Options that several commands have.
 *
 * @module
 */
import { Option, type Command } from 'commander';
import type { Cli } from './cli.ts';
import type { IRequest } from './client/client.ts';
import { parseCount } from './format.ts';
import { appliedText, type IAppliedAnswer } from './plan.ts';

export interface IPageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

export function withPages(command: Command): Command {
  return command
    .option('--limit <n>', 'Show so many at most.', parseCount)
    .option('--cursor <cursor>', 'Go on where an earlier list ended.');
}

export interface IChangeOptions {
  readonly dryRun?: boolean;
  readonly ifMatch?: string;
}

export function withChange(command: Command): Command {
  return command
    .option('--dry-run', 'Change nothing; say what would change.')
    .option('--if-match <etag>', 'Change it only if it still has this tag.');
}

/** An option that takes several values, one each time it is given. */
export function repeated(
  flags: string,
  description: string,
  parse: (value: string) => unknown = (value) => value,
): Option {
  return new Option(flags, `${description} May be given several times.`).argParser(
    (value: string, before: readonly unknown[] | undefined) => [...(before ?? []), parse(value)],
  );
}

/** Makes a change and says what it did. @param onlyNew refuses where there is something already */
export async function change(
  cli: Cli,
  method: 'PUT' | 'DELETE' | 'PATCH' | 'POST',
  path: string,
  options: IChangeOptions,
  { body, onlyNew = false }: Pick<IRequest, 'body'> & { readonly onlyNew?: boolean } = {},
): Promise<void> {
  const client = await cli.client();
  const headers = {
    ...(options.ifMatch !== undefined && { 'if-match': quoted(options.ifMatch) }),
    ...(onlyNew && { 'if-none-match': '*' }),
  };
  const query = { dryRun: options.dryRun };
  const answer = await client.json<IAppliedAnswer>(method, path, { body, headers, query });
  await cli.show(answer, (applied) => appliedText(applied, cli.paint, Date.now()));
}

/** A tag as HTTP writes it (RFC 9110 §8.8.3); shells eat the quotes. */
function quoted(etag: string): string {
  return /^(?:W\/)?".*"$|^\*$/.test(etag) ? etag : `"${etag}"`;
}

/** One part of a path. */
export const part = encodeURIComponent;
