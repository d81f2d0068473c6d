import { problemLimits } from './limits.ts';

/** One thing that is wrong in a configuration document, told so that a person can mend it. */
export interface IConfigProblem {
  /** File the document came from. */
  readonly file: string;
  /** 1-based position of the value in the file; undefined when the value is missing or the file unreadable. */
  readonly line?: number;
  readonly column?: number;
  /** Path in the document, as `proxy.routes[0].match.ports`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
  /** The parts of the message, where it has them: what stood there (secrets are not shown), and what would be right. */
  readonly got?: string;
  readonly expected?: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/**
 * The configuration cannot be used. `message` has one line per problem and names file, path, value and remedy; past the
 * bound of problems, the others are counted.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'DCR_CONFIG_INVALID';
  /** The first problems, as many as the limits say. */
  readonly problems: readonly IConfigProblem[];
  /** How many there are. */
  readonly total: number;

  constructor(problems: readonly IConfigProblem[]) {
    const shown = problems.slice(0, problemLimits.shownMax);
    const more = problems.length - shown.length;
    super([...shown.map(formatProblem), ...(more > 0 ? [`and ${more} more problems`] : [])].join('\n'));
    this.problems = shown;
    this.total = problems.length;
  }
}

export function formatProblem(problem: IConfigProblem): string {
  const position = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`;
  const path = problem.path === '' ? '' : ` ${problem.path}:`;
  return `${problem.file}${position}:${path} ${problem.message}`;
}

/** Writes a path as people read it: `proxy.routes[0].match.ports`. */
export function formatPath(path: ReadonlyArray<PropertyKey>): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}
