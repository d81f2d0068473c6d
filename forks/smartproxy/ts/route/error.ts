/**
 * What is wrong with a route configuration.
 *
 * @module
 */
/** Stable codes; compare these, not messages. */
export type TRouteConfigErrorCode =
  | 'ROUTE_MISSING'
  | 'ROUTE_BAD_TYPE'
  | 'ROUTE_BAD_VALUE'
  | 'ROUTE_OUT_OF_RANGE'
  | 'ROUTE_UNKNOWN_FIELD'
  | 'ROUTE_CONFLICT'
  | 'ROUTE_UNSUPPORTED'
  | 'ROUTE_TOO_MANY';

/** One fault of one field. */
export interface IRouteProblem {
  readonly code: TRouteConfigErrorCode;
  /** Name of the route, or `route-<n>` where it has none. */
  readonly routeName: string;
  /** Path of the field, such as `action.targets[0].port`. */
  readonly field: string;
  /** What is there, and what would be right. */
  readonly message: string;
}

/** Thrown when routes cannot be used; holds every problem found, the first one's code, route and field. */
export class RouteConfigError extends Error {
  readonly code: TRouteConfigErrorCode;
  readonly routeName: string;
  readonly field: string;
  readonly problems: readonly IRouteProblem[];

  constructor(problems: readonly [IRouteProblem, ...IRouteProblem[]]) {
    super(problems.map((problem) => formatProblem(problem)).join('\n'));
    this.name = 'RouteConfigError';
    this.code = problems[0].code;
    this.routeName = problems[0].routeName;
    this.field = problems[0].field;
    this.problems = problems;
  }
}

export function formatProblem(problem: IRouteProblem): string {
  return `route "${problem.routeName}", ${problem.field}: ${problem.message}`;
}
