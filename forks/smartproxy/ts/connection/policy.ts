/**
 * What a target makes of requests, compiled: route, action and target settings in one place.
 *
 * @module
 */
import type tls from 'node:tls';
import { Cors } from '../headers/cors.ts';
import { HeaderEdits } from '../headers/edits.ts';
import type { TForwardedStyle } from '../headers/forwarded.ts';
import type { IRouteAdvanced, IRouteRedirect, IRouteUrlRewrite, IRouteWebSocket } from '../interfaces/http.ts';
import type { IRouteConfig, IRouteTarget } from '../interfaces/route.ts';
import type { IRouteTls } from '../interfaces/tls.ts';
import { limits } from '../limits/limits.ts';
import { Location } from '../template/location.ts';
import { Template } from '../template/template.ts';
import { backendTlsOptions } from '../tls/backend.ts';
import type { Tally } from '../security/tally.ts';
import type { TargetControl } from '../upstream/states.ts';

/** PROXY protocol version sent to the target, 0 for none. */
export type TProxyVersion = 0 | 1 | 2;

interface IRewrite {
  readonly pattern: RegExp;
  readonly target: Template;
  readonly onlyPath: boolean;
}

interface IRedirect {
  readonly status: number;
  readonly location: Location;
}

/** What applies where routes say nothing. */
export interface ITargetDefaults {
  readonly sendProxyProtocol: boolean | 'v1' | 'v2' | undefined;
  readonly rejectUnauthorized: boolean;
}

export class TargetPolicy {
  readonly config: IRouteTarget;
  readonly priority: number;
  /** What was said about it while the proxy runs. */
  readonly control: TargetControl;
  readonly #weight: number;
  readonly requestEdits: HeaderEdits | null;
  /** The same and what upgrades have besides. */
  readonly upgradeEdits: HeaderEdits | null;
  readonly responseEdits: HeaderEdits | null;
  readonly cors: Cors | null;
  /** Responses are not passed on as they came. */
  readonly editsResponses: boolean;
  readonly forwarded: TForwardedStyle;
  readonly webSocket: IRouteWebSocket | null;
  readonly advanced: IRouteAdvanced;
  /** Connections to one target at once; Infinity for no limit. */
  readonly connectionsMax: number;
  readonly queueMax: number;
  readonly queueMs: number;
  readonly tls: IRouteTls | undefined;
  /** Request header, lower case, that carries the subject of the client's certificate; '' for none. */
  readonly subjectHeader: string;
  readonly proxyVersion: TProxyVersion;
  readonly rewrite: IRewrite | null;
  /** Answers every request; null where there is a target to ask. */
  readonly redirect: IRedirect | null;
  /** Nothing but the usual fields is changed: the common case takes the short way. */
  readonly plain: boolean;
  /** Some requests are answered or refused without the target. */
  readonly checks: boolean;
  /** What its health check says; true while there is none. */
  checkedHealthy = true;
  /** Exchanges and tunnels of this process now at this target, for least-connections. */
  active = 0;
  /** The same of other processes; null where they are not asked for, or there are none. */
  #load: Tally | null = null;
  #loadKey = '';
  readonly #defaults: ITargetDefaults;
  #tlsByDomain = new Map<string, { key: string; options: tls.ConnectionOptions }>();

  constructor(route: IRouteConfig, target: IRouteTarget, defaults: ITargetDefaults, control: TargetControl) {
    this.#defaults = defaults;
    this.control = control;
    const { action } = route;
    this.config = target;
    this.priority = target.priority ?? 0;
    this.#weight = target.weight ?? 1;
    const edits = [action.advanced?.headers, route.headers?.request, target.advanced?.headers, target.headers?.request];
    this.requestEdits = HeaderEdits.compile(...edits);
    this.upgradeEdits = HeaderEdits.compile(...edits, (target.websocket ?? action.websocket)?.customHeaders);
    this.responseEdits = HeaderEdits.compile(route.headers?.response, target.headers?.response);
    this.cors = Cors.compile(target.headers?.cors ?? route.headers?.cors);
    this.editsResponses = this.responseEdits !== null || this.cors !== null;
    this.forwarded = target.headers?.forwarded ?? route.headers?.forwarded ?? 'x-forwarded';
    this.webSocket = target.websocket ?? action.websocket ?? null;
    this.advanced = { ...action.advanced, ...target.advanced };
    const { maxConnectionsPerTarget, targetQueueSize, targetQueueTimeout } = this.advanced;
    this.connectionsMax = maxConnectionsPerTarget || Infinity;
    this.queueMax = targetQueueSize ?? limits.targetQueue;
    this.queueMs = targetQueueTimeout ?? limits.targetQueueMs;
    this.tls = target.tls ?? action.tls;
    this.subjectHeader = action.tls?.clientAuth?.subjectHeader?.toLowerCase() ?? '';
    this.proxyVersion = proxyVersionOf(
      target.sendProxyProtocol ?? action.sendProxyProtocol ?? defaults.sendProxyProtocol,
    );
    this.rewrite = compileRewrite(this.advanced.urlRewrite);
    this.redirect = compileRedirect(action.redirect);
    this.checks =
      this.cors !== null ||
      this.webSocket !== null ||
      this.redirect !== null ||
      this.advanced.testResponse !== undefined;
    this.plain =
      this.requestEdits === null &&
      this.cors === null &&
      this.rewrite === null &&
      this.webSocket === null &&
      this.subjectHeader === '' &&
      this.forwarded === 'x-forwarded';
  }

  /** Exchanges and tunnels of all processes now at this target, as far as they told. */
  get load(): number {
    return this.#load === null ? this.active : this.active + this.#load.others(this.#loadKey);
  }

  /** Tells the others what this process has at the target, by `key`. */
  shareLoad(tally: Tally, key: string): void {
    this.#load = tally;
    this.#loadKey = key;
  }

  /** An exchange or tunnel begins. */
  enter(): void {
    this.active += 1;
    if (this.#load !== null) this.#load.add(this.#loadKey, 1);
  }

  leave(): void {
    this.active -= 1;
    if (this.#load !== null) this.#load.add(this.#loadKey, -1);
  }

  get weight(): number {
    return this.control.weight ?? this.#weight;
  }

  /** New connections and requests may go to it. */
  get open(): boolean {
    return this.control.open;
  }

  /** Neither its check nor what others found out speaks against it. */
  get healthy(): boolean {
    return this.checkedHealthy && this.control.healthy;
  }

  /** TLS towards `host`, or null; `domain` is the name the client asked for. */
  tlsTo(host: string, domain: string): { key: string; options: tls.ConnectionOptions } | null {
    if (this.tls?.mode !== 'terminate-and-reencrypt') return null;
    const known = this.#tlsByDomain.get(`${host} ${domain}`);
    if (known !== undefined) return known;
    const options = backendTlsOptions(this.tls.backend, host, domain, this.#defaults.rejectUnauthorized);
    const made = { key: JSON.stringify([options.host, this.tls.backend ?? null]), options };
    // Domains are the client's to choose under wildcards; forgetting all of them now and then bounds the map.
    if (this.#tlsByDomain.size >= TLS_DOMAINS_MAX) this.#tlsByDomain = new Map();
    this.#tlsByDomain.set(`${host} ${domain}`, made);
    return made;
  }
}

/** TLS settings remembered per target, one per name that clients asked for. */
const TLS_DOMAINS_MAX = 1_000;

function proxyVersionOf(setting: boolean | 'v1' | 'v2' | undefined): TProxyVersion {
  if (setting === 'v2') return 2;
  return setting === true || setting === 'v1' ? 1 : 0;
}

function compileRewrite(config: IRouteUrlRewrite | undefined): IRewrite | null {
  if (config === undefined) return null;
  const { pattern, flags, target, onlyRewritePath } = config;
  return {
    pattern: new RegExp(pattern, flags ?? ''),
    target: new Template(target),
    onlyPath: onlyRewritePath === true,
  };
}

/** RFC 9110 §15.4.9: permanent, and the method stays. */
const PERMANENT_REDIRECT = 308;

function compileRedirect(config: IRouteRedirect | undefined): IRedirect | null {
  if (config === undefined) return null;
  return { status: config.status ?? PERMANENT_REDIRECT, location: new Location(config.to) };
}
