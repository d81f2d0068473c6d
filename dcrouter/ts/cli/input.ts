/**
 * What is read for a command: documents and objects, from files or from standard input.
 *
 * @module
 */
import { readFile, stat } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { CliError, fileFault } from './errors.ts';
import type { IInput } from './io.ts';
import { cliLimits } from './limits.ts';

/** `-` is standard input. @throws CliError `DCR_CLI_FILE` */
export async function readInput(file: string, input: IInput): Promise<string> {
  try {
    if (file === '-') return await readStream(input);
    const { size } = await stat(file);
    if (size > cliLimits.inputBytesMax) throw tooLarge();
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError('DCR_CLI_FILE', `cannot read ${nameOf(file)}: ${fileFault(error)}`);
  }
}

/** The same as a value, YAML or JSON. @throws CliError `DCR_CLI_FILE` */
export async function readValue(file: string, input: IInput): Promise<unknown> {
  return parseValue(await readInput(file, input), nameOf(file));
}

/** @throws CliError `DCR_CLI_FILE` */
export function parseValue(text: string, name: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    throw new CliError('DCR_CLI_FILE', `${name} is neither YAML nor JSON: ${reason.replace(/:$/, '')}`);
  }
}

/** How errors name it. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** `host:port`, with brackets around an IPv6 address. For options. */
export function parseTarget(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) throw new InvalidArgumentError('Expected host:port.');
  return { host: (bracketed ?? plain)!, port };
}

async function readStream(input: IInput): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > cliLimits.inputBytesMax) throw tooLarge();
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): Error {
  return new Error(`it has more than ${cliLimits.inputBytesMax} bytes`);
}
