/**
 * The lists of `top`.
 *
 * @module
 */
import { CONNECTION_COLUMNS } from '../commands/connections.ts';
import { formatBytes, formatNumber } from '../format.ts';
import { stateStyle } from '../style.ts';
import { table, type IColumn } from '../table.ts';
import { counts } from '../stats-text.ts';
import type { IFrame, IFrameOptions } from './frame.ts';

type TOptions = Pick<IFrameOptions, 'width' | 'paint' | 'previous'>;

export function connectionLines({ connections, stats }: IFrame, room: number, options: TOptions): string[] {
  const open = stats.proxy?.activeConnections ?? 0;
  return titled('connections', `${open} open, oldest first`, connections, CONNECTION_COLUMNS, room, options);
}

type TRoute = NonNullable<IFrame['stats']['proxy']>['routes'][number];
type TUpstream = NonNullable<IFrame['stats']['proxy']>['upstreams'][number];
type TZone = NonNullable<IFrame['stats']['dns']>['zones'][number];

/** The busiest first. */
export function routeLines(frame: IFrame, room: number, options: TOptions): string[] {
  const { proxy } = frame.stats;
  const before = new Map(options.previous?.stats.proxy?.routes.map((route) => [route.routeName, route]));
  const seconds = secondsBetween(options.previous?.stats.proxy, proxy);
  const rate = (route: TRoute, read: (route: TRoute) => number): number | undefined => {
    const earlier = before.get(route.routeName);
    return earlier === undefined || seconds === 0 ? undefined : Math.max(read(route) - read(earlier), 0) / seconds;
  };
  const bytes = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : `${formatBytes(Math.round(value))}/s`;
  const columns: ReadonlyArray<IColumn<TRoute>> = [
    { title: 'route', value: ({ routeName }) => routeName, shrink: true },
    { title: 'open', value: ({ active }) => active, align: 'right' },
    { title: 'connections', value: ({ total }) => total, align: 'right' },
    { title: 'requests', value: ({ requests }) => requests, align: 'right' },
    { title: 'requests/s', value: (route) => decimal(rate(route, ({ requests }) => requests)), align: 'right' },
    { title: 'in', value: (route) => bytes(rate(route, ({ bytesIn }) => bytesIn)), align: 'right' },
    { title: 'out', value: (route) => bytes(rate(route, ({ bytesOut }) => bytesOut)), align: 'right' },
    { title: '4xx', value: ({ statusClasses }) => statusClasses['4xx'], align: 'right' },
    { title: '5xx', value: ({ statusClasses }) => statusClasses['5xx'], align: 'right' },
    { title: 'p95 ms', value: ({ latency }) => formatNumber(latency.p95Ms), align: 'right' },
  ];
  const routes = (proxy?.routes ?? []).toSorted(
    (a, b) =>
      (rate(b, ({ requests }) => requests) ?? 0) - (rate(a, ({ requests }) => requests) ?? 0) || b.total - a.total,
  );
  return titled('routes', `${routes.length}`, routes, columns, room, options);
}

const UPSTREAM_COLUMNS: ReadonlyArray<IColumn<TUpstream>> = [
  { title: 'target', value: ({ target }) => target, shrink: true },
  { title: 'state', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  {
    title: 'healthy',
    value: ({ healthy }) => (healthy ? 'yes' : 'no'),
    style: ({ healthy }) => stateStyle(healthy ? 'yes' : 'no'),
  },
  { title: 'active', value: ({ active }) => active, align: 'right' },
  { title: 'idle', value: ({ idle }) => idle, align: 'right' },
  { title: 'waiting', value: ({ waiting }) => waiting, align: 'right' },
  { title: 'requests', value: ({ requests }) => requests, align: 'right' },
  { title: 'retries', value: ({ retries }) => retries, align: 'right' },
  { title: 'first byte p95 ms', value: ({ firstByteLatency }) => formatNumber(firstByteLatency.p95Ms), align: 'right' },
  { title: 'failures', value: ({ failures }) => counts(failures).replace(/^: /, '') || '0', shrink: true },
];

export function upstreamLines({ stats: { proxy } }: IFrame, room: number, options: TOptions): string[] {
  const upstreams = (proxy?.upstreams ?? []).toSorted((a, b) => b.active - a.active || b.requests - a.requests);
  return titled('upstreams', `${upstreams.length}`, upstreams, UPSTREAM_COLUMNS, room, options);
}

const ZONE_COLUMNS: ReadonlyArray<IColumn<TZone>> = [
  { title: 'zone', value: ({ zone }) => zone, shrink: true },
  { title: 'queries', value: ({ queries }) => queries, align: 'right' },
  { title: 'answers', value: ({ rcodes }) => counts(rcodes).replace(/^: /, ''), shrink: true },
];

export function dnsLines({ stats: { dns } }: IFrame, room: number, options: TOptions): string[] {
  const zones = (dns?.zones ?? []).toSorted((a, b) => b.queries - a.queries);
  const told = dns === null ? 'no DNS server runs' : `types${counts(dns.types) || ': none'}`;
  return titled('dns', told, zones, ZONE_COLUMNS, room, options);
}

function titled<T>(
  title: string,
  told: string,
  items: readonly T[],
  columns: ReadonlyArray<IColumn<T>>,
  room: number,
  { paint, width }: TOptions,
): string[] {
  const head = `${paint('cyan', title)} (${told})`;
  const shown = items.slice(0, room);
  return shown.length === 0 ? [head] : [head, ...table(shown, columns, { paint, width }).split('\n')];
}

function secondsBetween(
  before: { readonly timestamp: number } | null | undefined,
  now: { readonly timestamp: number } | null,
): number {
  return before === null || before === undefined || now === null
    ? 0
    : Math.max(now.timestamp - before.timestamp, 0) / 1_000;
}

function decimal(value: number | undefined): string | undefined {
  return value === undefined ? undefined : formatNumber(value);
}
