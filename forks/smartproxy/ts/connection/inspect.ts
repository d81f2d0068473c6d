/**
 * Open connections seen from outside: found, listed and closed by id. Everything is read from the live connections
 * when somebody asks, so that connections cost nothing for being listable.
 *
 * @module
 */
import type { IConnectionInfo, IConnectionQuery } from '../interfaces/connections.ts';
import { UNROUTED } from '../interfaces/stats.ts';
import { limits } from '../limits/limits.ts';
import { connectionNumber, ID_RUN, type Connection } from './connection.ts';
import { REASON } from './reasons.ts';

/** One question about open connections; each is answered with the connections that it is about. */
export type TInquiry =
  | { readonly ask: 'list'; readonly query: IConnectionQuery }
  | { readonly ask: 'get'; readonly id: string }
  /** Ends the connection now, under the reason `killed`; answered with what it was. */
  | { readonly ask: 'close'; readonly id: string };

export function inquire(open: Iterable<Connection>, inquiry: TInquiry): IConnectionInfo[] {
  if (inquiry.ask === 'list') return listConnections(open, inquiry.query);
  const connection = find(open, inquiry.id);
  if (connection === undefined) return [];
  const info = describe(connection, performance.now());
  if (inquiry.ask === 'close') connection.abort(REASON.killed);
  return [info];
}

/**
 * The connections that fit, oldest first: in the order of their ids, so that pages neither skip nor repeat one while
 * others come and go.
 */
function listConnections(open: Iterable<Connection>, query: IConnectionQuery): IConnectionInfo[] {
  const wanted = listLimit(query);
  const after = query.afterId === undefined ? -1 : numberBehind(query.afterId);
  const found: IConnectionInfo[] = [];
  const nowMs = performance.now();
  // A set keeps the order of acceptance, which is that of the numbers.
  for (const connection of open) {
    if (connection.number <= after || !fits(connection, query)) continue;
    found.push(describe(connection, nowMs));
    if (found.length === wanted) break;
  }
  return found;
}

/** Compares ids as lists are ordered: by process, then by acceptance. */
export function idOrder(a: string, b: string): number {
  const runs = compare(runOf(a), runOf(b));
  return runs !== 0 ? runs : connectionNumber(a) - connectionNumber(b);
}

export function listLimit({ limit }: IConnectionQuery): number {
  return Math.min(Math.max(limit ?? limits.listedConnections, 1), limits.listedConnectionsMax);
}

function find(open: Iterable<Connection>, id: string): Connection | undefined {
  if (runOf(id) !== ID_RUN) return undefined;
  const wanted = connectionNumber(id);
  for (const connection of open) if (connection.number === wanted) return connection;
  return undefined;
}

/** The number behind which a list of this process goes on: ids of other processes stand before or behind all of ours. */
function numberBehind(afterId: string): number {
  const order = compare(runOf(afterId), ID_RUN);
  if (order === 0) return connectionNumber(afterId);
  return order < 0 ? -1 : Infinity;
}

function runOf(id: string): string {
  return id.slice(0, Math.max(id.lastIndexOf('-'), 0));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function fits(connection: Connection, { routeName, clientIp, type }: IConnectionQuery): boolean {
  return (
    (routeName === undefined || nameOf(connection) === routeName) &&
    (clientIp === undefined || connection.clientIp === clientIp) &&
    (type === undefined || connection.type === type)
  );
}

function nameOf(connection: Connection): string {
  return connection.isOpen ? connection.routeName : UNROUTED;
}

function describe(connection: Connection, nowMs: number): IConnectionInfo {
  const upstream = connection.stage?.target;
  return {
    id: connection.id,
    type: connection.type,
    routeName: nameOf(connection),
    clientIp: connection.clientIp,
    clientPort: connection.clientPort,
    localPort: connection.localPort,
    ...(connection.domain === undefined ? {} : { domain: connection.domain }),
    ageMs: Math.round(nowMs - connection.openedAtMs),
    bytesIn: connection.raw.wireBytesIn,
    bytesOut: connection.raw.wireBytesOut,
    requests: connection.requests,
    ...(upstream === undefined ? {} : { upstream }),
  };
}
