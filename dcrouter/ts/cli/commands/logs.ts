/**
 * `logs`: the latest lines, and those to come.
 *
 * @module
 */
import { Option, type Command } from 'commander';
import { logLevels } from '../../log/tail.ts';
import type { Cli } from '../cli.ts';
import { follow } from '../follow.ts';
import { formatTime, parseCount } from '../format.ts';
import { cliLimits } from '../limits.ts';
import { plainText, type TPaint, type TStyle } from '../style.ts';

interface ILogOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly level?: string;
  readonly match?: string;
}

interface ILine {
  readonly level?: unknown;
  readonly time?: unknown;
  readonly msg?: unknown;
  readonly [field: string]: unknown;
}

export function addLogs(program: Command, cli: Cli): void {
  program
    .command('logs')
    .description('Show the latest log lines.')
    .option('-f, --follow', 'Go on with what comes, until Ctrl-C.')
    .option('--tail <n>', 'The latest so many; default 100.', parseCount)
    .addOption(new Option('--level <level>', 'The least severe level shown.').choices(logLevels))
    .option('--match <text>', 'Only lines in which this occurs.')
    .action(async ({ follow: goOn, ...query }: ILogOptions) => {
      const show = async (line: ILine): Promise<void> => await cli.item(line, (each) => lineText(each, cli.paint));
      if (goOn === true) {
        const isNew = memory(cliLimits.linesKnown);
        return await follow(cli, '/logs', { ...query, follow: true }, async ({ id, data }) => {
          if (isNew(`${id} ${data}`)) await show(JSON.parse(data) as ILine);
          return true;
        });
      }
      const client = await cli.client();
      const answer = await client.get<{ readonly items: ReadonlyArray<{ readonly line: ILine }> }>('/logs', {
        query: { ...query },
      });
      if (cli.json) return await cli.show(answer);
      for (const { line } of answer.items) await show(line);
    });
}

/** Whether a text is none of the last so many. */
function memory(size: number): (text: string) => boolean {
  const known = new Set<string>();
  return (text) => {
    if (known.has(text)) return false;
    if (known.size >= size) known.delete(known.values().next().value!);
    known.add(text);
    return true;
  };
}

const STYLES: Readonly<Record<string, TStyle>> = {
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
  debug: 'dim',
  trace: 'dim',
};

/** `12:00:00 warn  message  field=value …`. */
function lineText({ level, time, msg, ...fields }: ILine, paint: TPaint): string {
  const name = String(level ?? '');
  const at =
    typeof time === 'number'
      ? formatTime(time)
      : String(time ?? '')
          .replace('T', ' ')
          .slice(0, 19);
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const style = STYLES[name];
  const shown = style === undefined ? name.padEnd(5) : paint(style, name.padEnd(5));
  return `${plainText(at)} ${shown} ${plainText([String(msg ?? ''), ...rest].join('  '))}`;
}
