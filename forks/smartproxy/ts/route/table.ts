/**
 * All routes, compiled for look-up. A table never changes: new routes are a new table, and connections that hold a
 * route of the old one keep it.
 *
 * A look-up takes the port's index, hashes the name once and asks only routes of that name, so that its cost does not
 * grow with the number of routes, and allocates nothing.
 *
 * @module
 */
import type { IRouteConfig } from '../interfaces/route.ts';
import { CompiledRoute, type ICompiledRoute } from './compiled.ts';
import type { THeaderLookup } from './conditions.ts';
import { parseDomainPattern, type IDomainPattern } from './domain.ts';
import type { DomainIndex, IDomainCandidate } from './domain-index.ts';
import { RouteConfigError } from './error.ts';
import { LookupFacts } from './facts.ts';
import { domainsOf } from './kind.ts';
import { uniqueNames } from './names.ts';
import { PortIndex, type IPortProfile } from './port-index.ts';
import { compareCandidates } from './rank.ts';
import { findProblems } from './validate.ts';

const NOTHING: IPortProfile = Object.freeze({ tls: false, http: false, raw: false });

export class RouteTable {
  /** Enabled routes in the order of configuration. */
  readonly routes: readonly ICompiledRoute[];
  /** Ports of all enabled routes, ascending. */
  readonly ports: readonly number[];
  readonly #byPort: ReadonlyMap<number, PortIndex>;
  /** Ports that no route names, such as those of `addListeningPort`: the route behind all others; null without one. */
  readonly #elsewhere: PortIndex | null;
  readonly #byName: ReadonlyMap<string, ICompiledRoute>;
  readonly #facts = new LookupFacts();

  private constructor(routes: readonly CompiledRoute[], elsewhere: CompiledRoute | null) {
    this.routes = elsewhere === null ? routes : [...routes, elsewhere];
    this.#byName = new Map(this.routes.map((route) => [route.name, route]));
    this.#byPort = indexPorts(routes, elsewhere);
    this.#elsewhere = elsewhere === null ? null : new PortIndex([{ route: elsewhere, rank: 0, domain: null }]);
    this.ports = [...this.#byPort.keys()].sort((a, b) => a - b);
  }

  /**
   * @param last stands behind all routes on every port, those that no route names included; its own ports mean nothing,
   * it has no domains, and `ports` does not hold what only it covers.
   * @throws RouteConfigError with every problem found, when a route cannot be used.
   */
  static compile(routes: readonly IRouteConfig[], last: IRouteConfig | null = null): RouteTable {
    const configs = last === null ? routes : [...routes, last];
    const [first, ...others] = findProblems(configs);
    if (first) throw new RouteConfigError([first, ...others]);
    const names = uniqueNames(configs);
    const compiled: CompiledRoute[] = [];
    for (const [index, route] of routes.entries()) {
      if (route.enabled !== false) compiled.push(new CompiledRoute(route, names[index]!, index));
    }
    return new RouteTable(compiled, last === null ? null : new CompiledRoute(last, names.at(-1)!, routes.length));
  }

  /** The enabled route of that name. */
  get(name: string): ICompiledRoute | undefined {
    return this.#byName.get(name);
  }

  portProfile(port: number): IPortProfile {
    return this.#indexOf(port)?.profile ?? NOTHING;
  }

  /**
   * The route of a connection before any HTTP was read. Of a TLS connection the one that decides what happens with it
   * (path, headers and method are not asked yet: a terminated connection is looked up again per request), of a plain one
   * the route for bytes that are not HTTP.
   *
   * @param tlsVersion the version that will be spoken, such as `TLSv1.3`.
   */
  matchConnection(
    port: number,
    clientIp: string,
    isTls: boolean,
    sni: string | undefined,
    tlsVersion: string | undefined,
  ): ICompiledRoute | null {
    const index = this.#indexOf(port);
    if (index === null) return null;
    this.#facts.setConnection(clientIp, index.needsIp, sni, tlsVersion);
    return this.#find(isTls ? index.tlsConnections : index.rawConnections);
  }

  /**
   * The route of a request. It may be one of kind `tcp` or `mixed` (see `kind.ts`): the port is shared with routes that
   * need HTTP, and the connection belongs to that route from its first byte on.
   *
   * @param isTls whether the request came inside TLS that was terminated here.
   * @param host the Host value, port included; undefined where there is none.
   * @param path the request's path as `routingPath` gives it; a query is ignored.
   * @param header gives a header's value by lower-case name.
   * @param tlsVersion the connection's, for routes that ask for it.
   */
  matchRequest(
    port: number,
    clientIp: string,
    isTls: boolean,
    host: string | undefined,
    path: string,
    method: string,
    header: THeaderLookup,
    tlsVersion?: string,
  ): ICompiledRoute | null {
    const index = this.#indexOf(port);
    if (index === null) return null;
    this.#facts.setRequest(clientIp, index.needsIp, host, path, method, header, tlsVersion);
    const found = this.#find(isTls ? index.tlsRequests : index.plainRequests);
    this.#facts.clear();
    return found;
  }

  #indexOf(port: number): PortIndex | null {
    return this.#byPort.get(port) ?? this.#elsewhere;
  }

  #find(index: DomainIndex): ICompiledRoute | null {
    const found = index.find(this.#facts);
    return found === null ? null : found.route;
  }
}

/** Ports with the same routes share an index, so that a range of thousands of ports costs one. */
function indexPorts(routes: readonly CompiledRoute[], last: CompiledRoute | null): Map<number, PortIndex> {
  const candidates = rankCandidates(routes);
  const behind = last === null ? [] : [{ route: last, rank: Number.MAX_SAFE_INTEGER, domain: null }];
  const routesOfPort = new Map<number, number[]>();
  for (const [position, route] of routes.entries()) {
    for (const port of route.ports) {
      const list = routesOfPort.get(port);
      if (list) list.push(position);
      else routesOfPort.set(port, [position]);
    }
  }
  const shared = new Map<string, PortIndex>();
  const byPort = new Map<number, PortIndex>();
  for (const [port, positions] of routesOfPort) {
    const key = positions.join();
    let index = shared.get(key);
    if (!index) {
      index = new PortIndex([...positions.flatMap((position) => candidates[position]!), ...behind]);
      shared.set(key, index);
    }
    byPort.set(port, index);
  }
  return byPort;
}

/** The candidates of each route, one per domain pattern, ranked over the whole table. */
function rankCandidates(routes: readonly CompiledRoute[]): IDomainCandidate[][] {
  const unranked: Array<{ position: number; route: CompiledRoute; domain: IDomainPattern | null }> = [];
  for (const [position, route] of routes.entries()) {
    const domains = domainsOf(route.config).map((domain) => parseDomainPattern(domain));
    for (const domain of domains.length > 0 ? domains : [null]) unranked.push({ position, route, domain });
  }
  unranked.sort(compareCandidates);
  const ranked: IDomainCandidate[][] = routes.map(() => []);
  for (const [rank, { position, route, domain }] of unranked.entries()) ranked[position]!.push({ route, rank, domain });
  return ranked;
}
