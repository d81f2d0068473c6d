/**
 * One picture of what the router does: what is asked for it, and the lines that it becomes.
 *
 * @module
 */
import type { IConnection, IStats, IStatus } from '../answers.ts';
import type { IPage } from '../cli.ts';
import type { ApiClient } from '../client/client.ts';
import { cliLimits } from '../limits.ts';
import { formatBytes, formatDuration, formatNumber } from '../format.ts';
import { plainText, type TPaint } from '../style.ts';
import { connectionLines, dnsLines, routeLines, upstreamLines } from './views.ts';

export const VIEWS = ['overview', 'connections', 'routes', 'upstreams', 'dns'] as const;
export type TView = (typeof VIEWS)[number];

/** What is known at one moment. */
export interface IFrame {
  readonly status: IStatus;
  readonly stats: IStats;
  /** The oldest ones; none where the view does not show them. */
  readonly connections: readonly IConnection[];
}

export interface IFrameOptions {
  readonly view: TView;
  readonly width: number;
  /** Lines that the terminal has. */
  readonly rows: number;
  readonly paint: TPaint;
  /** The frame before, for what happens per second. */
  readonly previous?: IFrame | undefined;
}

export async function fetchFrame(client: ApiClient, view: TView, rows: number, signal?: AbortSignal): Promise<IFrame> {
  const request = { timeoutMs: cliLimits.probeMs, ...(signal !== undefined && { signal }) };
  const status = await client.get<IStatus>('/status', request);
  const stats = await client.get<IStats>('/stats', request);
  const wanted = stats.proxy !== null && (view === 'overview' || view === 'connections');
  const query = { limit: Math.max(rows, 1) };
  const page: IPage<IConnection> = wanted ? await client.get('/connections', { ...request, query }) : { items: [] };
  return { status, stats, connections: page.items };
}

/** As many lines as fit. */
export function frameLines(frame: IFrame, options: IFrameOptions): string[] {
  const { view, rows } = options;
  const head = headLines(frame, options);
  const room = Math.max(rows - head.length - 1, 1);
  const body = bodyLines(frame, view, room, options);
  return [...head, '', ...body].slice(0, Math.max(rows, 1));
}

function bodyLines(frame: IFrame, view: TView, room: number, options: IFrameOptions): string[] {
  if (view === 'connections') return connectionLines(frame, room, options);
  if (view === 'routes') return routeLines(frame, room, options);
  if (view === 'upstreams') return upstreamLines(frame, room, options);
  if (view === 'dns') return dnsLines(frame, room, options);
  // A title, a head and an empty line of each.
  const each = Math.max(Math.floor(room / 4) - 1, 1);
  return [
    ...routeLines(frame, each, options),
    '',
    ...upstreamLines(frame, each, options),
    '',
    ...dnsLines(frame, each, options),
    '',
    ...connectionLines(frame, each, options),
  ];
}

function headLines({ status, stats: { proxy, dns } }: IFrame, { paint, view, width }: IFrameOptions): string[] {
  const state = status.ready ? paint('green', 'ready') : paint('red', 'not ready');
  const up = formatDuration(status.uptimeSeconds * 1_000);
  const lines = [
    `${paint('bold', plainText(status.node))} ${state}, up ${up}, version ${status.configVersion}, revision ${status.revision}`,
  ];
  if (proxy !== null) {
    const { throughput, totals } = proxy;
    lines.push(
      `proxy: ${proxy.activeConnections} open of ${totals.connections}, ${totals.requests} requests, ` +
        `${formatNumber(proxy.requestsPerSecond)} requests/s, ${formatBytes(Math.round(throughput.bytesIn))}/s in, ` +
        `${formatBytes(Math.round(throughput.bytesOut))}/s out, ${totals.rejected} refused, ${totals.errors} errors`,
    );
  }
  if (dns !== null) {
    const { totals } = dns;
    lines.push(
      `dns: ${totals.received} queries, ${formatNumber(dns.queriesPerSecond)} queries/s, ${totals.answered} answered, ` +
        `${totals.dropped} dropped, ${formatNumber(dns.cache.hitRate * 100)} % from the cache`,
    );
  }
  const tabs = VIEWS.map((name, at) => (name === view ? paint('bold', `[${at + 1} ${name}]`) : ` ${at + 1} ${name} `));
  return [...lines.map((line) => cutLine(line, width)), tabs.join(' ')];
}

/** Painted parts stand at the beginning, so that what is cut is plain. */
function cutLine(line: string, width: number): string {
  const painted = line.length - line.replaceAll(/\u001b\[\d+m/g, '').length;
  return line.length - painted <= width ? line : `${line.slice(0, width + painted - 1)}…`;
}
