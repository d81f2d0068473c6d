/**
 * `check`, `diff`, `print`, `schema`: configuration documents, looked at without changing anything.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { UsageError } from '../errors.ts';

/** What reads documents knows every setting; commands that only ask a router do not wait for it. */
const work = () => import('../documents.ts');

interface IFileOptions {
  readonly config?: string;
}

export function addDocuments(program: Command, cli: Cli): void {
  program
    .command('check')
    .description('Read and validate a document; starts nothing and needs no running router.')
    .argument('[file]', 'The document.')
    .option('--config <file>', 'The same.')
    .action(
      async (file: string | undefined, options: IFileOptions) =>
        await (await work()).check(cli, oneFile(file, options)),
    );
  program
    .command('diff')
    .description('Say what a document would change: against the running router, or between two documents without one.')
    .argument('<file>', 'The document; the older one of two.')
    .argument('[newer]', 'The newer one.')
    .action(async (file: string, newer: string | undefined) => await (await work()).diff(cli, file, newer));
  program
    .command('print')
    .description('Print a configuration with everything put in and every default filled in; secrets are hidden.')
    .argument('[file]', 'The document.')
    .option('--config <file>', 'The same.')
    .option('--running', 'What the router serves now, with the shared objects.')
    .action(async (file: string | undefined, options: IFileOptions & { readonly running?: boolean }) =>
      options.running === true ? await printRunning(cli) : await (await work()).print(cli, oneFile(file, options)),
    );
  program
    .command('schema')
    .description('Print the JSON Schema of documents, for editors.')
    .action(async () => await (await work()).printSchema(cli));
}

function oneFile(file: string | undefined, { config }: IFileOptions): string {
  if (file !== undefined && config !== undefined && file !== config)
    throw new UsageError('two documents are named; name one');
  const named = file ?? config;
  if (named === undefined) throw new UsageError('a document is missing: name its file');
  return named;
}

async function printRunning(cli: Cli): Promise<void> {
  const client = await cli.client();
  const { config } = await client.get<{ readonly config: object }>('/config');
  await cli.show(config);
}
