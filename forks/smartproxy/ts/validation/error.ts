/** @module */

/** One fault of one option. */
export interface IOptionProblem {
  /** Path of the option, such as `acme.port`. */
  readonly field: string;
  /** What is there, and what would be right. */
  readonly message: string;
}

/** Thrown when the options cannot be used; holds every problem found, the first one's field. */
export class OptionsError extends Error {
  readonly code = 'PROXY_BAD_OPTIONS';
  readonly field: string;
  readonly problems: readonly IOptionProblem[];

  constructor(problems: readonly [IOptionProblem, ...IOptionProblem[]]) {
    super(problems.map(({ field, message }) => `option ${field}: ${message}`).join('\n'));
    this.name = 'OptionsError';
    this.field = problems[0].field;
    this.problems = problems;
  }
}
