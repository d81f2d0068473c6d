/**
 * Unique names for routes: the configured ones, `route-<n>` (counted from 1) for those without, and `#2`, `#3`, … behind
 * what is used more than once.
 *
 * @module
 */
import type { IRouteConfig } from '../interfaces/route.ts';

export function routeNameOf(route: unknown, index: number): string {
  const name = (route as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name : `route-${index + 1}`;
}

export function uniqueNames(routes: readonly IRouteConfig[]): string[] {
  const used = new Set<string>();
  const counts = new Map<string, number>();
  return routes.map((route, index) => {
    const wanted = routeNameOf(route, index);
    let name = wanted;
    let count = counts.get(wanted) ?? 1;
    while (used.has(name)) {
      count += 1;
      name = `${wanted}#${count}`;
    }
    counts.set(wanted, count);
    used.add(name);
    return name;
  });
}
