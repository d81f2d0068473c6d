/**
 * The proxy as a part of the router.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import {
  FolderCertificateStorage,
  type IAcmeOptions,
  type IDnsChallengeHandler,
  type IRouteConfig,
  type SmartProxy,
} from '@dcrouter/smartproxy';
import { StoreCertificateStorage } from '../certificates/storage.ts';
import type { TConfig } from '../config/schema/index.ts';
import { addProxyEvents } from '../events/sources.ts';
import type { IPart, IRouterContext } from '../part.ts';
import type { RulesPart } from '../rules/part.ts';
import type { ResolvePart } from '../resolve/part.ts';
import { explainStartError } from '../start-error.ts';
import type { IStopHow } from '../process/run.ts';
import type { ISocketToPass } from '../process/sockets.ts';
import { createProxy, proxySocketName, requestIdOf, routesOf } from './create.ts';

/** Where the proxy listens unless told otherwise: every address of both families. */
const anyAddress = '::';

export class ProxyPart implements IPart {
  readonly name = 'proxy';
  readonly #context: IRouterContext;
  readonly #rules: RulesPart;
  readonly #resolve: ResolvePart;
  readonly #dnsChallenge: IDnsChallengeHandler;
  #proxy: SmartProxy | null = null;
  #stopLogging: () => void = () => {};
  #removeEvents: () => void = () => {};
  #drainTimeoutMs = 0;
  #address = anyAddress;
  /** As the proxy has them: files that a route names may change while the document stays as it is. */
  #routes: IRouteConfig[] = [];

  /** @param dnsChallenge publishes the records of dns-01 challenges */
  constructor(context: IRouterContext, resolve: ResolvePart, rules: RulesPart, dnsChallenge: IDnsChallengeHandler) {
    this.#context = context;
    this.#resolve = resolve;
    this.#rules = rules;
    this.#dnsChallenge = dnsChallenge;
  }

  get proxy(): SmartProxy | null {
    return this.#proxy;
  }

  async start(config: TConfig): Promise<void> {
    const settings = config.proxy;
    if (!settings) return;
    const proxy = await createProxy(settings, {
      requestId: requestIdOf(config.telemetry),
      acme: this.#acmeOf(config),
      // Worker processes resolve names and bind ports themselves.
      ...(settings.workers === undefined && {
        resolver: this.#resolve.resolver,
        takeListener: (port: number) =>
          this.#context.sockets.take({ name: proxySocketName(port), protocol: 'tcp', address: settings.address, port }),
      }),
    });
    // Worker processes cannot ask; the validation has refused rules for them.
    if (settings.workers === undefined) this.#rules.attachProxy(proxy);
    this.#stopLogging = this.#context.logs.attachProxy(proxy);
    await proxy.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the proxy cannot start', error);
    });
    this.#proxy = proxy;
    this.#routes = proxy.settings.routes;
    this.#setUpstreams(config.upstreams);
    this.#drainTimeoutMs = settings.drainTimeoutMs;
    this.#address = settings.address ?? anyAddress;
    this.#removeEvents = addProxyEvents(this.#context.events, proxy);
  }

  #acmeOf({ proxy }: TConfig): IAcmeOptions {
    const dnsChallenge = this.#dnsChallenge;
    if (!this.#context.hasStore) return { dnsChallenge };
    const folder = new FolderCertificateStorage(proxy?.acme?.certificateStore ?? '');
    return { dnsChallenge, storage: new StoreCertificateStorage(() => this.#context.store, folder) };
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    if (this.#proxy === null) return await this.start(next);
    // Without the section no route is left, and so no port is open; what is counted stays.
    const routes = next.proxy === undefined ? [] : await routesOf(next.proxy);
    if (!isDeepStrictEqual(routes, this.#routes)) {
      await this.#proxy.updateRoutes(routes).catch((error: unknown) => {
        throw explainStartError('the routes cannot be changed', error);
      });
      this.#routes = routes;
    }
    this.#setUpstreams(next.upstreams, previous.upstreams);
    this.#drainTimeoutMs = next.proxy?.drainTimeoutMs ?? this.#drainTimeoutMs;
  }

  /** Tells the proxy what operators say about targets; one that is not named any more is as its routes say. */
  #setUpstreams(next: TConfig['upstreams'] = {}, previous: TConfig['upstreams'] = {}): void {
    for (const target of Object.keys(previous)) {
      if (next[target] === undefined) this.#proxy?.setUpstreamState(target, { state: 'ready', weight: null });
    }
    for (const [target, { state, weight }] of Object.entries(next)) {
      if (isDeepStrictEqual(next[target], previous[target])) continue;
      this.#proxy?.setUpstreamState(target, { state, weight: weight ?? null });
    }
  }

  listening(): ISocketToPass[] {
    const handles = this.#proxy?.listenerHandles() ?? new Map<number, ISocketToPass['handle']>();
    return Array.from(handles, ([port, handle]) => {
      return { name: proxySocketName(port), protocol: 'tcp', address: this.#address, port, handle };
    });
  }

  async stop(how: IStopHow = {}): Promise<void> {
    const { drainMs = this.#drainTimeoutMs, idleGraceMs } = how;
    await this.#proxy?.stop({ drainTimeout: drainMs, idleGrace: idleGraceMs });
    this.#stopLogging();
    this.#removeEvents();
    this.#proxy = null;
  }
}
