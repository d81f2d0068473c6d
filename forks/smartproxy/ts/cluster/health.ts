/**
 * What health checks found out, for processes that do not check themselves.
 *
 * @module
 */
import type { IEngine } from '../connection/engine.ts';
import { planOf } from '../connection/plan.ts';
import type { TUnhealthyTarget } from './messages.ts';

/** The targets of the routes in use that fail their checks. */
export function unhealthyTargets(engine: IEngine): TUnhealthyTarget[] {
  return engine.table.routes.flatMap((route) =>
    planOf(engine, route).policies.flatMap(({ checkedHealthy }, at): TUnhealthyTarget[] =>
      checkedHealthy ? [] : [[route.name, at]],
    ),
  );
}

/** Takes over what another process found out; all other targets are well. */
export function adoptHealth(engine: IEngine, unhealthy: readonly TUnhealthyTarget[]): void {
  const failing = new Set(unhealthy.map(([route, at]) => `${route}\n${at}`));
  for (const route of engine.table.routes) {
    for (const [at, policy] of planOf(engine, route).policies.entries()) {
      policy.checkedHealthy = !failing.has(`${route.name}\n${at}`);
    }
  }
}
