/**
 * Documents that are sent to a router.
 *
 * @module
 */
import { nameOf, readInput } from './input.ts';
import type { IInput } from './io.ts';

/**
 * The text of a document with what it includes put in. References to the environment and to secret files stay as they
 * are: the router reads them where it runs, relative to its own document.
 *
 * @throws ConfigError, CliError `DCR_CLI_FILE`
 */
export async function readDocument(file: string, input: IInput): Promise<string> {
  const text = await readInput(file, input);
  if (file === '-') return text;
  const { flattenDocument } = await import('../config/read.ts');
  return (await flattenDocument(nameOf(file), text)).text;
}
