/**
 * `check`, `diff`, `print`, `schema`: configuration documents, looked at without changing anything.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { differences } from '../../config/diff.ts';
import { effects } from '../../config/effects.ts';
import { formatProblem } from '../../config/error.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { loadConfig } from '../../config/load.ts';
import { redact } from '../../config/schema-walk.ts';
import { configSchema } from '../../config/schema/index.ts';
import { suspicions } from '../../config/suspicions.ts';
import type { IPlan } from '../../control/types.ts';
import type { Cli } from '../cli.ts';
import { readDocument } from '../document.ts';
import { UsageError } from '../errors.ts';
import { inspectFile } from '../inspect.ts';
import { planText } from '../plan.ts';
import { plainText } from '../style.ts';

interface IFileOptions {
  readonly config?: string;
}

export function addDocuments(program: Command, cli: Cli): void {
  program
    .command('check')
    .description('Read and validate a document; starts nothing and needs no running router.')
    .argument('[file]', 'The document.')
    .option('--config <file>', 'The same.')
    .action(async (file: string | undefined, options: IFileOptions) => await check(cli, oneFile(file, options)));
  program
    .command('diff')
    .description('Say what a document would change: against the running router, or between two documents without one.')
    .argument('<file>', 'The document; the older one of two.')
    .argument('[newer]', 'The newer one.')
    .action(async (file: string, newer: string | undefined) => await diff(cli, file, newer));
  program
    .command('print')
    .description('Print a configuration with everything put in and every default filled in; secrets are hidden.')
    .argument('[file]', 'The document.')
    .option('--config <file>', 'The same.')
    .option('--running', 'What the router serves now, with the shared objects.')
    .action(async (file: string | undefined, options: IFileOptions & { readonly running?: boolean }) =>
      options.running === true ? await printRunning(cli) : await print(cli, oneFile(file, options)),
    );
  program
    .command('schema')
    .description('Print the JSON Schema of documents, for editors.')
    .action(async () => await cli.say(JSON.stringify(configJsonSchema(), null, 2)));
}

function oneFile(file: string | undefined, { config }: IFileOptions): string {
  if (file !== undefined && config !== undefined && file !== config)
    throw new UsageError('two documents are named; name one');
  const named = file ?? config;
  if (named === undefined) throw new UsageError('a document is missing: name its file');
  return named;
}

async function check(cli: Cli, file: string): Promise<void> {
  const { config, problems, warnings } = await inspectFile(file, cli.io.env);
  const doubts = config === undefined ? [] : suspicions(config, certificateIn);
  if (config === undefined) cli.exitCode = 1;
  if (cli.json) {
    const told = [...warnings, ...doubts.map((message) => ({ file, path: '', message }))];
    return await cli.say(JSON.stringify({ valid: config !== undefined, problems, warnings: told }, null, 2));
  }
  for (const warning of [...warnings.map(formatProblem), ...doubts])
    await cli.note(`${cli.paint('yellow', 'warning:')} ${plainText(warning)}`);
  for (const problem of problems) await cli.note(plainText(formatProblem(problem)));
  if (config !== undefined) await cli.say(`${file}: the configuration is valid`);
}

/** What cannot be read is told when the router takes it. */
function certificateIn(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function diff(cli: Cli, file: string, newer: string | undefined): Promise<void> {
  const show = async (plan: IPlan): Promise<void> => await cli.show(plan, (each) => planText(each, cli.paint));
  if (newer !== undefined) {
    const [before, after] = [await loadConfig(file, cli.io.env), await loadConfig(newer, cli.io.env)];
    return await show({
      differences: differences(before, after),
      effects: effects(before, after, certificateIn),
    });
  }
  const text = await readDocument(file, cli.io.in);
  const client = await cli.client();
  await show(await client.json<IPlan>('POST', '/config/diff', { body: { text }, file }));
}

async function print(cli: Cli, file: string): Promise<void> {
  await cli.show(redact([configSchema], await loadConfig(file, cli.io.env)));
}

async function printRunning(cli: Cli): Promise<void> {
  const client = await cli.client();
  const { config } = await client.get<{ readonly config: object }>('/config');
  await cli.show(config);
}
