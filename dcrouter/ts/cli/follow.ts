/**
 * Streams that go on: until the user ends them, over restarts of the router.
 *
 * @module
 */
import { setTimeout as after } from 'node:timers/promises';
import type { Cli } from './cli.ts';
import type { TQuery } from './client/client.ts';
import type { ISseMessage } from './client/sse.ts';
import { CliError } from './errors.ts';
import { cliLimits } from './limits.ts';

/**
 * Calls `onMessage` with each message until it answers false or the user ends the command. A stream that ends is opened
 * again behind its last message.
 *
 * @throws CliError of the API, or `DCR_CLI_STREAM` when the router stays away
 */
export async function follow(
  cli: Cli,
  path: string,
  query: TQuery,
  onMessage: (message: ISseMessage) => Promise<boolean>,
): Promise<void> {
  const client = await cli.client();
  const signal = cli.io.interrupted();
  let lastId: string | undefined;
  let opened = false;
  let tries = 0;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
      for await (const message of client.stream(path, { query, signal, headers })) {
        opened = true;
        tries = 0;
        lastId = message.id ?? lastId;
        if (message.event === 'dropped') await cli.note(droppedText(message.data));
        else if (!(await onMessage(message))) return;
      }
      opened = true;
    } catch (error) {
      if (signal.aborted) return;
      const away = error instanceof CliError && error.code === 'DCR_CLI_UNREACHABLE';
      if (!away || !opened) throw error;
    }
    if (signal.aborted) return;
    tries += 1;
    if (tries > cliLimits.streamTries)
      throw new CliError('DCR_CLI_STREAM', `the stream of ${client.url.origin} has ended`);
    await after(cliLimits.streamRetryMs, undefined, { signal }).catch(() => undefined);
  }
}

function droppedText(data: string): string {
  const { count } = JSON.parse(data) as { readonly count?: number | null };
  return typeof count === 'number' ? `${count} messages were lost here` : 'messages were lost here';
}
