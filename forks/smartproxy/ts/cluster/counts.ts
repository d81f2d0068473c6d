/**
 * Which numbers cross processes, and in which order.
 *
 * @module
 */
import type { RouteCounters, UpstreamCounters } from '../stats/counters.ts';
import type { Recorder } from '../stats/recorder.ts';

export const TOTAL_NUMBERS = ['active', 'connections', 'requests', 'bytesIn', 'bytesOut', 'errors'] as const;
export const ROUTE_NUMBERS = ['active', 'total', 'requests', 'bytesIn', 'bytesOut'] as const;
export const UPSTREAM_NUMBERS = [
  'active',
  'idle',
  'connects',
  'reuses',
  'requests',
  'retries',
  'evicted',
  'waiting',
  'queued',
] as const;

export function totalNumbers(recorder: Recorder): number[] {
  return TOTAL_NUMBERS.map((name) => recorder[name]);
}

export function addTotals(recorder: Recorder, changes: readonly number[]): void {
  TOTAL_NUMBERS.forEach((name, at) => {
    recorder[name] += changes[at] ?? 0;
  });
}

export function routeNumbers(route: RouteCounters): number[] {
  return [...ROUTE_NUMBERS.map((name) => route[name]), ...route.statusClasses];
}

export function addRouteNumbers(route: RouteCounters, changes: readonly number[]): void {
  ROUTE_NUMBERS.forEach((name, at) => {
    route[name] += changes[at] ?? 0;
  });
  for (let at = 0; at < route.statusClasses.length; at += 1) {
    route.statusClasses[at]! += changes[ROUTE_NUMBERS.length + at] ?? 0;
  }
}

export function upstreamNumbers(upstream: UpstreamCounters): number[] {
  return UPSTREAM_NUMBERS.map((name) => upstream[name]);
}

export function addUpstreamNumbers(upstream: UpstreamCounters, changes: readonly number[]): void {
  UPSTREAM_NUMBERS.forEach((name, at) => {
    upstream[name] += changes[at] ?? 0;
  });
}
