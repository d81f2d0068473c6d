/**
 * What the command tells instead of doing its work.
 *
 * @module
 */

/** What a {@link CliError} can say by itself; those of the API and the configuration bring codes of their own. */
export type TCliErrorCode =
  'DCR_CLI_UNREACHABLE' | 'DCR_CLI_NO_API' | 'DCR_CLI_FILE' | 'DCR_CLI_CERTIFICATE' | 'DCR_CLI_STREAM';

/** The command has failed: one line with the remedy, then one for each detail. Exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** Stable; of the command, or as the API told it. */
  readonly code: string;
  readonly details: readonly string[];

  constructor(code: TCliErrorCode | (string & {}), message: string, details: readonly string[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The command was called wrongly. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the system says about a file, for people. */
export function fileFault(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EEXIST') return 'it exists already';
  return code === 'ENOSPC' ? 'the disk is full' : message;
}
