/**
 * Frame after frame until the user has seen enough.
 *
 * @module
 */
import { setTimeout as after } from 'node:timers/promises';
import type { Cli } from '../cli.ts';
import type { ApiClient } from '../client/client.ts';
import { CliError } from '../errors.ts';
import { cliLimits } from '../limits.ts';
import { fetchFrame, frameLines, VIEWS, type IFrame, type TView } from './frame.ts';
import { Screen } from './screen.ts';

export interface ITopOptions {
  readonly view: TView;
  readonly intervalMs: number;
}

/** Frames one below the other, or with `--json` one line of JSON each, for pipes. */
export async function printFrames(cli: Cli, client: ApiClient, options: ITopOptions, count: number): Promise<void> {
  const signal = cli.io.interrupted();
  let previous: IFrame | undefined;
  for (let left = count; left > 0 && !signal.aborted; left -= 1) {
    const frame = await fetchFrame(client, options.view, cliLimits.topRows);
    const [width, paint] = [cli.width, cli.paint];
    await cli.item(frame, (each) =>
      frameLines(each, { view: options.view, width, rows: Infinity, paint, previous }).join('\n'),
    );
    previous = frame;
    if (left > 1) await after(options.intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Draws in place until q, Ctrl-C or a signal. A router that is away is said so, and looked for again. */
export async function drawFrames(cli: Cli, client: ApiClient, options: ITopOptions): Promise<void> {
  const ended = cli.io.interrupted();
  const quit = new AbortController();
  const over = AbortSignal.any([ended, quit.signal]);
  let view = options.view;
  let now = new AbortController();
  const show = (next: TView): void => {
    view = next;
    now.abort();
  };
  const screen = new Screen(cli.io, {
    quit: () => quit.abort(),
    view: show,
    step: (by) => show(VIEWS[(VIEWS.indexOf(view) + by + VIEWS.length) % VIEWS.length]!),
  });
  // Before the screen is taken: a router that is not there is an error like any other.
  let frame: IFrame | undefined = await fetchFrame(client, view, cliLimits.topRows);
  let previous: IFrame | undefined;
  screen.open();
  try {
    while (!over.aborted) {
      const { columns = cliLimits.columns, rows = cliLimits.topRows } = cli.io.out;
      if (frame !== undefined)
        screen.draw(frameLines(frame, { view, width: columns, rows, paint: cli.paint, previous }));
      now = new AbortController();
      const wait = AbortSignal.any([over, now.signal]);
      await after(options.intervalMs, undefined, { signal: wait }).catch(() => undefined);
      if (over.aborted) return;
      previous = frame ?? previous;
      frame = await fetchFrame(client, view, rows, over).catch((error: unknown) => away(error, screen, over));
    }
  } finally {
    screen.close();
  }
}

function away(error: unknown, screen: Screen, over: AbortSignal): undefined {
  if (!(error instanceof CliError) && !over.aborted) throw error;
  if (error instanceof CliError) screen.draw([`${error.message} (${error.code})`, '', 'tried again; q ends']);
  return undefined;
}
