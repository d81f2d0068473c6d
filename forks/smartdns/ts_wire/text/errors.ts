/**
 * What is wrong with a record's text.
 *
 * @module
 */

/** Text that is no record. */
export class PresentationError extends Error {
  readonly code = 'ERR_DNS_TEXT';
  /** Line in the text, from 1. */
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'PresentationError';
    this.line = line;
  }
}
