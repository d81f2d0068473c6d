// The servers that the DNS suite is held against, behind one face.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DnsServer, type IDnsStats } from '@dcrouter/smartdns/server';
import { MetricsAwareDns, type IWrappedDnsStats } from '@dcrouter/smartdns/wrap';
import type * as stock from '@push.rocks/smartdns/server';
import { preparedUpstream, prepareUpstream, UpstreamUnavailable } from '../../bench/dns/peer-upstream.ts';
import { readSeries } from '../../patches/tool/series.ts';
import { makeWorkFolder, patchInstalled } from '../../patches/tool/tree.ts';
import { freePorts } from '../helpers/ports.ts';

export type TDnsSubjectName = 'fork' | 'patched' | 'wrapped';

export interface IDnsEvent {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A running server with its stats and what it told. */
export interface IDnsSubject {
  readonly port: number;
  readonly stats: IDnsStats | IWrappedDnsStats;
  /** Every event since the start, in order. */
  readonly events: readonly IDnsEvent[];
  /** Registers a middleware; undefined where there is no such thing. */
  readonly use:
    ((middleware: (query: { domain: string }, next: () => Promise<unknown>) => unknown) => unknown) | undefined;
  on(name: string, listener: (payload: unknown) => void): unknown;
  stop(): Promise<void>;
}

const eventNames = ['query-received', 'query-answered', 'query-error', 'query'];
const zone = 'peer.test';

interface IListening {
  on(name: string, listener: (payload: never) => void): unknown;
}

function record(source: IListening): IDnsEvent[] {
  const events: IDnsEvent[] = [];
  for (const name of eventNames) source.on(name, (payload) => events.push({ name, payload }));
  return events;
}

function register(server: Pick<stock.DnsServer, 'registerHandler'>, onHandler: (name: string) => void): void {
  server.registerHandler(`*.${zone}`, ['A', 'TXT'], (question) => {
    onHandler(question.name);
    if (question.name.startsWith('none')) return null;
    if (question.name.startsWith('bad')) throw new Error('broken on purpose');
    const data = question.type === 'A' ? '192.0.2.1' : ['text'];
    return { name: question.name, type: question.type, class: 'IN', ttl: 60, data };
  });
}

/** Starts a server with one handler for `*.peer.test`: `bad…` throws, `none…` has no answer. */
export type TStartDns = (onHandler?: (name: string) => void) => Promise<IDnsSubject>;

async function startFork(onHandler: (name: string) => void = () => {}): Promise<IDnsSubject> {
  const server = new DnsServer({ udpPort: 0, udpBindInterface: '127.0.0.1', dnssecZone: zone });
  const events = record(server as unknown as IListening);
  register(server as unknown as stock.DnsServer, onHandler);
  await server.start();
  return {
    port: server.addresses.udp!.port,
    stats: server.getStats(),
    events,
    use: (middleware) => server.use(middleware as Parameters<typeof server.use>[0]),
    on: (name, listener) => (server as unknown as IListening).on(name, listener),
    stop: () => server.stop(),
  };
}

async function makeStock(folder: string): Promise<{ server: stock.DnsServer; port: number }> {
  const entry = pathToFileURL(join(folder, 'dist_ts_server/index.js')).href;
  const { DnsServer: Stock } = (await import(entry)) as typeof stock;
  const [port = 0, httpsPort = 0] = await freePorts(2);
  const bind = { udpBindInterface: '127.0.0.1', httpsBindInterface: '127.0.0.1' };
  const server = new Stock({ httpsKey: '', httpsCert: '', httpsPort, udpPort: port, dnssecZone: zone, ...bind });
  return { server, port };
}

interface IPatchedServer {
  getStats(): IDnsStats;
  use(middleware: unknown): unknown;
}

function startPatched(folder: string): TStartDns {
  return async (onHandler = () => {}) => {
    const { server, port } = await makeStock(folder);
    const patched = server as unknown as IPatchedServer;
    const events = record(server as unknown as IListening);
    register(server, onHandler);
    await server.start();
    const use: IDnsSubject['use'] = (middleware) => patched.use(middleware);
    const on: IDnsSubject['on'] = (name, listener) => server.on(name, listener);
    return { port, stats: patched.getStats(), events, use, on, stop: () => server.stop() };
  };
}

function startWrapped(folder: string): TStartDns {
  return async (onHandler = () => {}) => {
    const { server, port } = await makeStock(folder);
    const wrapper = new MetricsAwareDns(server as ConstructorParameters<typeof MetricsAwareDns>[0]);
    const events = record(wrapper as unknown as IListening);
    register(server, onHandler);
    await server.start();
    const on: IDnsSubject['on'] = (name, listener) => (wrapper as unknown as IListening).on(name, listener);
    return { port, stats: wrapper.getStats(), events, use: undefined, on, stop: () => server.stop() };
  };
}

export interface IDnsSubjects {
  readonly starters: Readonly<Record<TDnsSubjectName, TStartDns | string>>;
  /** Takes away what was made. */
  readonly remove: () => void;
}

/** The servers, or why one of them cannot be had. `PATCHED_PACKAGE` names a patched tree; without it one is made. */
export function dnsSubjects(): IDnsSubjects {
  const workFolder = makeWorkFolder();
  const remove = (): void => rmSync(workFolder, { recursive: true, force: true });
  try {
    const { folder } = preparedUpstream() ?? prepareUpstream();
    const given = process.env['PATCHED_PACKAGE'];
    const patched = given ?? patchInstalled(readSeries('smartdns'), workFolder, join(folder, 'dist_rust'));
    return { starters: { fork: startFork, patched: startPatched(patched), wrapped: startWrapped(folder) }, remove };
  } catch (error) {
    if (!(error instanceof UpstreamUnavailable)) throw error;
    const reason = `upstream cannot run here: ${error.message}`;
    return { starters: { fork: startFork, patched: reason, wrapped: reason }, remove };
  }
}
