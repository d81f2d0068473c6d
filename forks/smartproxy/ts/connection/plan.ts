/**
 * What the engine keeps with a compiled route: its counters, its checks, its certificate and its targets.
 *
 * @module
 */
import type tls from 'node:tls';
import { ProxyError } from '../errors.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import type { IRouteTarget } from '../interfaces/route.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import type { UpstreamTarget } from '../http/pool.ts';
import { bareHost, isHost } from '../route/host.ts';
import { PORT_MAX } from '../route/ports.ts';
import type { RouteSecurity } from '../security/route-security.ts';
import type { RouteCounters } from '../stats/counters.ts';
import { clientAuthKey } from '../tls/clientauth.ts';
import type { RouteContexts } from '../tls/contexts.ts';
import { Stapling } from '../tls/stapling.ts';
import { UNNAMED, type TargetControl } from '../upstream/states.ts';
import { Balancer } from './balancer.ts';
import type { IRequestFacts } from './balancer.ts';
import type { Connection } from './connection.ts';
import type { IEngine } from './engine.ts';
import { TargetPolicy } from './policy.ts';
import { SRV_PORT, targetName } from './target-name.ts';

/** Stands in for the target of routes that have none; never dialled. */
const NOWHERE: IRouteTarget = { host: '', port: 0 };

/** A target with its address resolved to one host and port. */
export interface IChosenTarget {
  readonly host: string;
  readonly port: number;
  /** Distinguishes pooled connections with different TLS settings; '' without TLS. */
  readonly tlsKey: string;
  readonly tlsOptions: tls.ConnectionOptions | null;
  readonly policy: TargetPolicy;
  /** The pool of this address, once it was looked up. */
  pooled: UpstreamTarget | null;
}

export class RoutePlan {
  readonly route: ICompiledRoute;
  readonly name: string;
  readonly counters: RouteCounters;
  /** Null when nothing is to be checked. */
  readonly security: RouteSecurity | null;
  /** Requests must pass a check of the route. */
  readonly checks: boolean;
  /** Which client certificates it asks for; '' for none. */
  readonly clientAuth: string;
  readonly policies: readonly TargetPolicy[];
  readonly #balancer: Balancer;
  /** The one target of a route without functions, lists and conditions: the usual case, resolved once. */
  readonly #fixed: IChosenTarget | null;
  /** Answers clients that want an OCSP response; null where none was given. */
  readonly stapling: Stapling | null;
  readonly #engine: IEngine;
  #contexts: RouteContexts | null = null;
  #hostTurn = 0;

  constructor(engine: IEngine, route: ICompiledRoute) {
    this.#engine = engine;
    this.route = route;
    this.name = route.name;
    this.counters = engine.recorder.route(route.name);
    this.security = engine.securityOf(route);
    this.clientAuth = clientAuthKey(route.config.action.tls);
    this.checks = this.security !== null && this.security.checksRequests;
    // A canned answer needs no target, but the settings that it stands in.
    const targets = route.targets.length === 0 ? [NOWHERE] : route.targets.flatMap(oneHostEach);
    this.policies = targets.map((target) => {
      return new TargetPolicy(route.config, target, engine.targetDefaults, controlOf(engine, target));
    });
    const algorithm = route.config.action.loadBalancing?.algorithm ?? 'round-robin';
    const { others } = engine;
    const turn = others?.turn ?? 0;
    this.#balancer = new Balancer(this.policies, algorithm, turn);
    this.#hostTurn = turn;
    if (others !== null && algorithm === 'least-connections') {
      const tally = others.tallies.of('load', route.name, 1);
      for (const [at, policy] of this.policies.entries()) {
        policy.shareLoad(tally, `${at} ${String(policy.config.host)} ${String(policy.config.port)}`);
      }
    }
    this.#fixed = this.#resolveFixed();
    const certificate = route.config.action.tls?.certificate;
    const ocsp = typeof certificate === 'object' ? certificate.ocsp : undefined;
    this.stapling = ocsp === undefined ? null : new Stapling(ocsp);
  }

  /** Makes what the route needs before it is used. @throws ProxyError when its certificate cannot be used */
  prepare(engine: IEngine): void {
    const { tlsMode } = this.route;
    // Managed certificates are read from the store at the start; there is always one to serve, if only a placeholder.
    if (typeof this.route.config.action.tls?.certificate === 'string') return;
    if (tlsMode === 'terminate' || tlsMode === 'terminate-and-reencrypt')
      this.#contexts ??= engine.tls.make(this.route);
  }

  /** Makes the TLS context anew: the route's certificate has changed. Connections that exist keep theirs. */
  renewContext(engine: IEngine): void {
    if (this.#contexts !== null) this.#contexts = engine.tls.make(this.route);
  }

  /** The TLS context of a route that terminates, for a client that brings a ticket or none. */
  secureContext(engine: IEngine, resumes: boolean): tls.SecureContext {
    this.#contexts ??= engine.tls.make(this.route);
    return this.#contexts.for(resumes);
  }

  /** One target that nothing about a connection or request could change. */
  get isFixed(): boolean {
    return this.#fixed !== null;
  }

  /** That target; null when it is taken out. */
  fixed(): IChosenTarget | null {
    return this.#fixed !== null && this.#fixed.policy.open ? this.#fixed : null;
  }

  /**
   * Chooses the target of a connection or request.
   * @param facts the request, null on connections
   * @param context asked for only where the route has functions
   * @returns null when every target that would do is taken out
   * @throws ProxyError when a function gives no usable address
   */
  choose(connection: Connection, facts: IRequestFacts | null, context: () => IRouteContext): IChosenTarget | null {
    if (this.#fixed !== null) return this.fixed();
    const policy = this.#balancer.pick(connection, facts);
    if (policy === null) {
      if (this.policies.some(({ open }) => !open)) return null;
      throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} has no target for this request`);
    }
    const port = portOf(policy, connection, context);
    const given = this.#hostOf(policy, context);
    const host = typeof given === 'string' ? bareHost(given) : '';
    if (!isHost(host) || !isPort(port, policy)) {
      throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} gave ${String(given)}:${String(port)} as its target`);
    }
    const { states } = this.#engine;
    if (states.version > 0 && states.find(targetName(host, port))?.open === false) return null;
    return chosen(policy, host, port, connection.domain ?? host);
  }

  /**
   * Another address with the settings of the target that was chosen, of the first one when none was.
   * @returns null when the address is taken out
   */
  at(connection: Connection, before: IChosenTarget | null, host: string, port: number): IChosenTarget | null {
    const { states } = this.#engine;
    if (states.version > 0 && states.find(targetName(host, port))?.open === false) return null;
    return chosen(before === null ? this.policies[0]! : before.policy, host, port, connection.domain ?? host);
  }

  /** Of a list that a function gives, the next in turn. */
  #hostOf(policy: TargetPolicy, context: () => IRouteContext): unknown {
    const { host: option } = policy.config;
    if (typeof option !== 'function') return option;
    const given: unknown = settled(option(context()));
    if (!Array.isArray(given)) return given;
    return given[this.#hostTurn++ % given.length];
  }

  #resolveFixed(): IChosenTarget | null {
    const policy = this.policies.length === 1 ? this.policies[0]! : null;
    if (policy === null || policy.config.match !== undefined) return null;
    // A route that answers by itself has no name to check, whatever its TLS would do to a target.
    if (policy.config === NOWHERE) return chosen(policy, '', 0, '');
    const { host, port: portOption } = policy.config;
    const port = portOption === 'srv' ? SRV_PORT : portOption;
    // Behind an address, the name to check is the one that the client asks for.
    if (typeof host !== 'string' || typeof port !== 'number' || policy.tls?.mode === 'terminate-and-reencrypt') {
      return null;
    }
    return chosen(policy, host, port, host);
  }
}

/** Each host of a list is a target by itself: balanced, checked and taken out like every other, with the weight of the list's. */
function oneHostEach(target: IRouteTarget): IRouteTarget[] {
  const { host } = target;
  if (typeof host === 'function') return [target];
  return [host].flat().map((name) => ({ ...target, host: bareHost(name) }));
}

/** The control of a target; of one with functions, what stands for a name that is not known yet. */
function controlOf(engine: IEngine, { host, port }: IRouteTarget): TargetControl {
  const number = port === 'srv' ? SRV_PORT : port;
  if (typeof number !== 'number' || typeof host !== 'string' || host === '') return UNNAMED;
  return engine.states.of(targetName(host, number));
}

function portOf(policy: TargetPolicy, connection: Connection, context: () => IRouteContext): unknown {
  const { port } = policy.config;
  if (port === 'preserve') return connection.localPort;
  if (port === 'srv') return SRV_PORT;
  return typeof port === 'function' ? settled(port(context())) : port;
}

/** What a function gave. A promise is no host and no port; were it left alone, its rejection would end the process. */
function settled(given: unknown): unknown {
  if (given instanceof Promise) given.catch(() => {});
  return given;
}

function isPort(port: unknown, policy: TargetPolicy): port is number {
  if (port === SRV_PORT) return policy.config.port === 'srv';
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= PORT_MAX;
}

function chosen(policy: TargetPolicy, host: string, port: number, domain: string): IChosenTarget {
  const tlsTo = policy.tlsTo(host, domain);
  if (tlsTo === null) return { host, port, tlsKey: '', tlsOptions: null, policy, pooled: null };
  return { host, port, tlsKey: tlsTo.key, tlsOptions: tlsTo.options, policy, pooled: null };
}

/** The plan of a compiled route, made when the route is first used. */
export function planOf(engine: IEngine, route: ICompiledRoute): RoutePlan {
  if (route.state === null) route.state = new RoutePlan(engine, route);
  return route.state as RoutePlan;
}
