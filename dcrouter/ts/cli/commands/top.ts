/**
 * `top`: what the router does, live.
 *
 * @module
 */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Cli } from '../cli.ts';
import { UsageError } from '../errors.ts';
import { parseCount, parseTimer } from '../format.ts';
import { cliLimits } from '../limits.ts';
import { VIEWS, type TView } from '../top/frame.ts';
import { drawFrames, printFrames } from '../top/live.ts';

interface ITopOptions {
  readonly view: TView;
  readonly interval: number;
  readonly once?: boolean;
  readonly count?: number;
}

export function addTop(program: Command, cli: Cli): void {
  program
    .command('top')
    .description('Show connections, routes, upstreams and queries live. Keys: 1 to 5 or Tab switch the view, q ends.')
    .addOption(new Option('--view <view>', 'What is shown first.').choices(VIEWS).default('overview'))
    .option('--interval <time>', 'Between two pictures.', parseInterval, cliLimits.topIntervalMs)
    .option('--once', 'Print one picture and end.')
    .option('--count <n>', 'Print so many, one below the other, and end.', parseCount)
    .action(async ({ view, interval, once, count }: ITopOptions) => {
      const client = await cli.client();
      const options = { view, intervalMs: interval };
      const frames = once === true ? 1 : count;
      if (frames !== undefined) return await printFrames(cli, client, options, frames);
      if (cli.json) return await printFrames(cli, client, options, Infinity);
      if (cli.io.out.isTTY !== true) throw new UsageError('this is no terminal; give --once, --count or --json');
      await drawFrames(cli, client, options);
    });
}

function parseInterval(text: string): number {
  const ms = parseTimer(text);
  if (ms < cliLimits.topIntervalMsMin)
    throw new InvalidArgumentError(`Expected at least ${cliLimits.topIntervalMsMin}ms.`);
  return ms;
}
