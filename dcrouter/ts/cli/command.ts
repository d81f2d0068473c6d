/**
 * One command from its words to its exit code.
 *
 * @module
 */
import { CommanderError } from 'commander';
import { CliError, UsageError } from './errors.ts';
import type { TRun } from './commands/run.ts';
import { writeAll, type IIo } from './io.ts';
import { createProgram } from './program.ts';
import { plainText } from './style.ts';

const FAILED = 1;
const WRONG_USAGE = 2;
const HELP_CODES = ['commander.helpDisplayed', 'commander.help', 'commander.version'];

/** @param run what `dcrouter run` does; it tells its own errors */
export async function runCommand(argv: readonly string[], io: IIo, run: TRun): Promise<number> {
  const { program, cli } = createProgram(io, run);
  const tell = async (line: string): Promise<void> => await writeAll(io.err, `dcrouter: ${plainText(line)}\n`);
  try {
    await program.parseAsync(withCommand(argv), { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help that was asked for is a result; help in the place of a missing command is wrong usage.
      if (HELP_CODES.includes(error.code)) return error.exitCode === 0 ? 0 : WRONG_USAGE;
      await tell(`see dcrouter ${[...commandIn(argv), '--help'].join(' ')}`);
      return WRONG_USAGE;
    }
    if (error instanceof UsageError) {
      await tell(error.message);
      await tell(`see dcrouter ${[...commandIn(argv), '--help'].join(' ')}`);
      return WRONG_USAGE;
    }
    const lines = linesOf(error);
    if (lines === undefined) throw error;
    for (const line of lines) await tell(line);
    return FAILED;
  }

  /** The command's words, for the hint. */
  function commandIn(words: readonly string[]): string[] {
    const path: string[] = [];
    let at = program;
    for (const word of words) {
      const next = at.commands.find((command) => command.name() === word);
      if (next === undefined) continue;
      path.push(word);
      at = next;
    }
    return path;
  }
}

/** `dcrouter --config FILE` is `dcrouter run --config FILE`. */
function withCommand(argv: readonly string[]): string[] {
  return argv.length === 0 || /^--config(?:=|$)/.test(argv[0]!) ? ['run', ...argv] : [...argv];
}

/** Errors that the user can mend, with their codes; undefined for defects, which keep their stack. */
function linesOf(error: unknown): readonly string[] | undefined {
  if (error instanceof CliError) return [`${error.message} (${error.code})`, ...error.details];
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code, message } = error;
  if (typeof code !== 'string' || !code.startsWith('DCR_')) return undefined;
  return code === 'DCR_CONFIG_INVALID' ? message.split('\n') : [`${message.replaceAll(/\s*\n\s*/g, '; ')} (${code})`];
}
