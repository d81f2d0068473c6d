/**
 * What a table of routes needs before its first connection, and what its plans share.
 *
 * @module
 */
import type { RouteTable } from '../route/table.ts';
import type { TargetControl } from '../upstream/states.ts';
import type { IEngine } from './engine.ts';
import { planOf } from './plan.ts';

/** Makes what routes need before they are used, so that errors surface here and not at the first connection. */
export function prepareRoutes(engine: IEngine, table: RouteTable): void {
  for (const route of table.routes) planOf(engine, route).prepare(engine);
  if (table === engine.table) engine.recorder.setRoutes(new Set(table.routes.map((route) => route.name)));
}

/** What targets of these routes are controlled by. */
export function controlsOf(engine: IEngine, table: RouteTable): Set<TargetControl> {
  const plans = table.routes.map((route) => planOf(engine, route));
  return new Set(plans.flatMap(({ policies }) => policies.map(({ control }) => control)));
}
