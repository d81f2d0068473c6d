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
}

/** The configuration cannot be used. `message` has one line per problem and names file, path, value and remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'DCR_CONFIG_INVALID';
  readonly problems: readonly IConfigProblem[];

  constructor(problems: readonly IConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
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
