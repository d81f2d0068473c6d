/**
 * Server-Sent Events as they come: the parts of the WHATWG format that the API uses.
 *
 * @module
 */
import { CliError } from '../errors.ts';
import { cliLimits } from '../limits.ts';

export interface ISseMessage {
  readonly id?: string;
  /** `message` unless named. */
  readonly event: string;
  readonly data: string;
}

/**
 * The messages of a stream; comments (heartbeats) are left out.
 *
 * @throws CliError `DCR_CLI_STREAM` when a message is longer than the bound
 */
export async function* sseMessages(chunks: AsyncIterable<string>): AsyncGenerator<ISseMessage> {
  let rest = '';
  for await (const chunk of chunks) {
    rest += chunk;
    const blocks = rest.split('\n\n');
    rest = blocks.pop()!;
    if (rest.length > cliLimits.messageCharsMax)
      throw new CliError(
        'DCR_CLI_STREAM',
        `a message of the stream has more than ${cliLimits.messageCharsMax} characters`,
      );
    for (const block of blocks) {
      const message = parse(block);
      if (message !== undefined) yield message;
    }
  }
}

function parse(block: string): ISseMessage | undefined {
  let id: string | undefined;
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === 'id') id = value;
    else if (field === 'event') event = value!;
    else if (field === 'data') data.push(value!);
  }
  if (data.length === 0) return undefined;
  return { ...(id !== undefined && { id }), event, data: data.join('\n') };
}
