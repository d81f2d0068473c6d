// What a parser saw in a stream of bytes, in a form in which two parsers can be compared.

export type TSide = 'request' | 'response';

export interface IParsedMessage {
  /** `METHOD target 1.1` or `1.1 status`. */
  readonly start: string;
  /** Field lines in order, values without outer white space. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  /** Body bytes delivered so far, decoded from chunks, as latin1. */
  body: string;
  /** Whether the end of the message was seen. */
  complete: boolean;
}

export interface IParsed {
  readonly messages: IParsedMessage[];
  /** Why the parser refused to go on; undefined when it would take more bytes or stopped in an orderly way. */
  readonly error: string | undefined;
}

/** A parser under comparison: all of `pieces`, in order, as one connection's bytes. */
export interface IStreamParser {
  parse(side: TSide, pieces: readonly Buffer[]): IParsed;
}

function describe(message: IParsedMessage): string {
  return JSON.stringify({ start: message.start, fields: message.fields });
}

/**
 * What the first parser delivered that the second did not, or delivered differently. Undefined when there is nothing:
 * the first may refuse, or wait, where the second goes on, but never the other way round.
 */
export function difference(mine: IParsed, oracle: IParsed): string | undefined {
  for (const [index, message] of mine.messages.entries()) {
    const other = oracle.messages[index];
    if (other === undefined) return `message ${index} is accepted, the oracle says ${oracle.error ?? 'nothing yet'}`;
    if (describe(message) !== describe(other)) {
      return `message ${index} is read as ${describe(message)}, by the oracle as ${describe(other)}`;
    }
    if (!other.body.startsWith(message.body)) {
      return `body ${index} is ${JSON.stringify(message.body)}, for the oracle ${JSON.stringify(other.body)}`;
    }
    if (message.complete && !other.complete) {
      return `message ${index} is complete, for the oracle it is not (${oracle.error ?? 'it waits'})`;
    }
    if (message.complete && message.body !== other.body) {
      return `body ${index} ends after ${message.body.length} bytes, for the oracle after ${other.body.length}`;
    }
    if (other.complete && !message.complete && mine.error === undefined) {
      return `message ${index} goes on, for the oracle it is complete`;
    }
  }
  return undefined;
}
