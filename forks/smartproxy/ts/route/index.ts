/** @module */
export { CompiledRoute, type ICompiledRoute } from './compiled.ts';
export type { THeaderLookup } from './conditions.ts';
export { formatProblem, RouteConfigError, type IRouteProblem, type TRouteConfigErrorCode } from './error.ts';
export type { TRouteKind } from './kind.ts';
export type { IPortProfile } from './port-index.ts';
export { routingPath } from './routing-path.ts';
export { RouteTable } from './table.ts';
export { findProblems, findRouteProblems } from './validate.ts';
