/**
 * `backup` and `restore`: the whole store, out and in again.
 *
 * @module
 */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage } from 'node:http';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CliError, fileFault } from '../errors.ts';
import { formatBytes, formatTime } from '../format.ts';
import { writeAll } from '../io.ts';

export function addBackup(program: Command, cli: Cli): void {
  program
    .command('backup')
    .description('Save a consistent copy of the store. It holds private keys: keep it as safe as them.')
    .argument('[file]', 'Where to; default dcrouter-DAY.backup here; - is standard output.')
    .option('--force', 'Put it in the place of a file that is there.')
    .action(
      async (file: string | undefined, { force }: { readonly force?: boolean }) => await backup(cli, file, force),
    );
  program
    .command('restore')
    .description('Put a backup into an empty store. The router must not run.')
    .argument('<file>', 'The backup.')
    .requiredOption('--config <file>', 'The document that says where the store is.')
    .action(async (file: string, { config }: { readonly config: string }) => await restore(cli, file, config));
}

async function backup(cli: Cli, file: string | undefined, force = false): Promise<void> {
  const client = await cli.client();
  const response = await client.open('POST', '/backup');
  if (file === '-') {
    for await (const chunk of response as AsyncIterable<Buffer>) await writeAll(cli.io.out, chunk);
    return;
  }
  const named = /filename="([\w.-]+)"/.exec(response.headers['content-disposition'] ?? '')?.[1];
  const target = file ?? named ?? 'dcrouter.backup';
  const bytes = await save(response, target, force);
  await cli.show({ file: target, bytes }, () => `${target}: ${formatBytes(bytes)}`);
}

/** Readable by its owner alone: it holds keys. What is not whole does not stay. */
async function save(response: IncomingMessage, file: string, force: boolean): Promise<number> {
  const target = createWriteStream(file, { mode: 0o600, flags: force ? 'w' : 'wx', flush: true });
  try {
    await pipeline(response, target);
    return target.bytesWritten;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CliError('DCR_CLI_FILE', `${file} exists already; name another, or give --force`);
    await rm(file, { force: true });
    throw new CliError('DCR_CLI_FILE', `cannot save ${file}: ${fileFault(error)}`);
  }
}

async function restore(cli: Cli, file: string, config: string): Promise<void> {
  const [{ loadConfig }, { restoreStore }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../store/restore.ts'),
  ]);
  const { store, node } = await loadConfig(config, cli.io.env);
  const warnings: string[] = [];
  const logger = { warn: (_fields: unknown, message?: string) => warnings.push(message ?? '') };
  const restored = await restoreStore(file, store, {
    node: node.name,
    folder: dirname(resolve(config)),
    logger: logger as Parameters<typeof restoreStore>[2]['logger'],
  });
  for (const warning of warnings) await cli.note(warning);
  await cli.show(
    restored,
    ({ rows, node: of, createdAtMs }) =>
      `restored ${rows} rows of node ${of} as of ${formatTime(createdAtMs)} UTC; start it with: dcrouter run --config ${config}`,
  );
}
