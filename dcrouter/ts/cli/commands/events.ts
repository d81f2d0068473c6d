/**
 * `events`: what happens, as it happens.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { follow } from '../follow.ts';
import { formatTime, parseCount } from '../format.ts';
import { repeated } from '../options.ts';
import { plainText } from '../style.ts';

interface IEvent {
  readonly atMs: number;
  readonly kind: string;
  readonly data: object;
}

interface IEventOptions {
  readonly kind?: readonly string[];
  readonly count?: number;
}

export function addEvents(program: Command, cli: Cli): void {
  program
    .command('events')
    .description('Show what happens in the router, as it happens, until Ctrl-C.')
    .option('-f, --follow', 'The same: events are not kept, so there is nothing else to show.')
    .addOption(repeated('--kind <kind>', 'Only this kind, such as config.applied or proxy.*.'))
    .option('--count <n>', 'End after so many.', parseCount)
    .action(async ({ kind, count = Infinity }: IEventOptions) => {
      let left = count;
      await follow(cli, '/events', { kind: kind?.join(',') }, async ({ data }) => {
        await cli.item(JSON.parse(data) as IEvent, ({ atMs, kind: of, data: fields }) =>
          plainText(`${formatTime(atMs)} ${of}  ${JSON.stringify(fields)}`),
        );
        left -= 1;
        return left > 0;
      });
    });
}
