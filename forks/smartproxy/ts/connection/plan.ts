/**
 * What the engine keeps with a compiled route: its counters and where it forwards to.
 *
 * @module
 */
import type tls from 'node:tls';
import type { IRouteContext } from '../interfaces/context.ts';
import type { IRouteTarget } from '../interfaces/route.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import type { RouteCounters } from '../stats/counters.ts';
import { backendTlsOptions } from '../tls/backend.ts';
import type { Connection } from './connection.ts';
import type { IEngine } from './engine.ts';
import { ProxyError } from '../errors.ts';

/** A target with its address resolved to one host and port. */
export interface IChosenTarget {
  readonly host: string;
  readonly port: number;
  /** Distinguishes pooled connections with different TLS settings; '' without TLS. */
  readonly tlsKey: string;
  readonly tlsOptions: tls.ConnectionOptions | null;
  readonly config: IRouteTarget;
}

export class RoutePlan {
  readonly route: ICompiledRoute;
  readonly counters: RouteCounters;
  /** The one target of a route without functions, lists and conditions: the usual case, resolved once. */
  readonly #fixed: IChosenTarget | null;
  #turn = 0;
  #context: tls.SecureContext | null = null;

  constructor(engine: IEngine, route: ICompiledRoute) {
    this.route = route;
    this.counters = engine.recorder.route(route.name);
    const only = route.targets.length === 1 ? route.targets[0]! : null;
    this.#fixed =
      only !== null && typeof only.host === 'string' && typeof only.port === 'number' && only.match === undefined
        ? this.#chosen(only, only.host, only.port, only.host)
        : null;
  }

  get name(): string {
    return this.route.name;
  }

  /** Makes what the route needs before it is used. @throws ProxyError when its certificate cannot be used */
  prepare(engine: IEngine): void {
    const { tlsMode } = this.route;
    // Managed certificates are read from the store at the start; there is always one to serve, if only a placeholder.
    if (typeof this.route.config.action.tls?.certificate === 'string') return;
    if (tlsMode === 'terminate' || tlsMode === 'terminate-and-reencrypt') this.#context ??= engine.tls.make(this.route);
  }

  /** Makes the TLS context anew: the route's certificate has changed. Connections that exist keep theirs. */
  renewContext(engine: IEngine): void {
    if (this.#context !== null) this.#context = engine.tls.make(this.route);
  }

  /** The TLS context of a route that terminates. */
  secureContext(engine: IEngine): tls.SecureContext {
    this.#context ??= engine.tls.make(this.route);
    return this.#context;
  }

  /** Chooses the target of a connection or request. `context` is asked for only where functions need it. */
  choose(connection: Connection, context: () => IRouteContext): IChosenTarget {
    if (this.#fixed !== null) return this.#fixed;
    const { targets } = this.route;
    const target = targets[this.#turn % targets.length];
    this.#turn += 1;
    if (target === undefined) throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} has no target`);
    return this.#resolve(target, connection, context);
  }

  #resolve(target: IRouteTarget, connection: Connection, context: () => IRouteContext): IChosenTarget {
    const hosts = typeof target.host === 'function' ? target.host(context()) : target.host;
    const host = typeof hosts === 'string' ? hosts : hosts[this.#turn % hosts.length];
    const port =
      target.port === 'preserve'
        ? connection.localPort
        : typeof target.port === 'function'
          ? target.port(context())
          : target.port;
    if (host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} gave ${String(host)}:${port} as its target`);
    }
    return this.#chosen(target, host, port, connection.domain ?? host);
  }

  #chosen(config: IRouteTarget, host: string, port: number, domain: string): IChosenTarget {
    const settings = config.tls ?? this.route.config.action.tls;
    if (settings?.mode !== 'terminate-and-reencrypt') return { host, port, tlsKey: '', tlsOptions: null, config };
    const tlsOptions = backendTlsOptions(settings.backend, host, domain);
    return {
      host,
      port,
      tlsKey: JSON.stringify([tlsOptions.servername, settings.backend ?? null]),
      tlsOptions,
      config,
    };
  }
}

/** The plan of a compiled route, made when the route is first used. */
export function planOf(engine: IEngine, route: ICompiledRoute): RoutePlan {
  if (route.state === null) route.state = new RoutePlan(engine, route);
  return route.state as RoutePlan;
}
