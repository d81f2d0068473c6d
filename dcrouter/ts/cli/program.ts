/**
 * The tree of commands.
 *
 * @module
 */
import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { Cli } from './cli.ts';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addCertificates } from './commands/certificates.ts';
import { addChanges } from './commands/changes.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addConnections } from './commands/connections.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDocuments } from './commands/documents.ts';
import { addDomains } from './commands/domains.ts';
import { addEvents } from './commands/events.ts';
import { addLogs } from './commands/logs.ts';
import { addProcess } from './commands/process.ts';
import { addRecords } from './commands/records.ts';
import { addRoutes } from './commands/routes.ts';
import { addRules } from './commands/rules.ts';
import { addRun, type TRun } from './commands/run.ts';
import { addStats } from './commands/stats.ts';
import { addStatus } from './commands/status.ts';
import { addTokens } from './commands/tokens.ts';
import { addTop } from './commands/top.ts';
import { addUpstreams } from './commands/upstreams.ts';
import { addZones } from './commands/zones.ts';
import { DEFAULT_URL } from './client/settings.ts';
import { endWithReader, writeAll, type IIo } from './io.ts';
import { cliLimits } from './limits.ts';

export interface IProgram {
  readonly program: Command;
  readonly cli: Cli;
}

/** @param run what `dcrouter run` does */
export function createProgram(io: IIo, run: TRun): IProgram {
  const program = new Command('dcrouter')
    .description('The observable edge router: one configuration document, proxy, DNS server, and their numbers.')
    .version(VERSION, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Say how this command is used.')
    .helpCommand('help [command]', 'Say how a command is used.')
    .option('--json', 'Print what the API answers, as JSON; a line each for what goes on.')
    .option('--url <url>', `Where the API is; default DCROUTER_URL, or ${DEFAULT_URL}.`)
    .option(
      '--token <token>',
      'Token for the API; default DCROUTER_TOKEN. Other users of this machine can see it here.',
    )
    .option('--token-file <file>', 'File that holds the token.')
    .option('--ca <file>', "Certificates of authorities that the API's is checked against, PEM.")
    .configureHelp({ showGlobalOptions: true, helpWidth: io.out.columns ?? cliLimits.columns, sortSubcommands: false })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void writeAll(io.out, text),
      writeErr: (text) => void writeAll(io.err, text),
      outputError: (text, write) => write(usageText(text)),
    })
    .hook('preAction', (_program, action) => {
      if (action.name() !== 'run' && io.out === process.stdout) endWithReader();
    });
  const cli = new Cli(program, io);
  addRun(program, cli, run);
  for (const add of GROUPS) add(program, cli);
  return { program, cli };
}

const GROUPS: ReadonlyArray<(program: Command, cli: Cli) => void> = [
  addDocuments,
  addChanges,
  addConfig,
  addStatus,
  addStats,
  addTop,
  addRoutes,
  addDomains,
  addZones,
  addRecords,
  addRules,
  addCertificates,
  addUpstreams,
  addConnections,
  addTokens,
  addLogs,
  addEvents,
  addAudit,
  addBackup,
  addProcess,
  addDoctor,
  addCompletion,
];

/** The parser's errors in the form of all others: one line. */
function usageText(text: string): string {
  const line = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `dcrouter: ${line}\n`;
}
