/**
 * Replacing the routes of a running proxy, everywhere or nowhere: what can fail is done first, here and in every worker,
 * and what is left then is to use it.
 *
 * @module
 */
import type { CertificateManager } from './certificates/certificate-manager.ts';
import { certificateRoutes } from './certificates/setup.ts';
import type { WorkerPool } from './cluster/pool.ts';
import { assertPortable } from './cluster/portable.ts';
import type { IEngine } from './connection/engine.ts';
import { controlsOf, prepareRoutes } from './connection/prepare.ts';
import type { SecurityKeeper } from './connection/security.ts';
import { compileRoutes } from './connection/setup.ts';
import { ProxyError } from './errors.ts';
import type { ISmartProxyOptions } from './interfaces/options.ts';
import type { IRouteConfig } from './interfaces/route.ts';
import type { RouteTable } from './route/table.ts';

/** What is swapped. */
export interface IRouteSwapParts {
  readonly settings: ISmartProxyOptions;
  readonly engine: IEngine;
  readonly certificates: CertificateManager;
  readonly security: SecurityKeeper;
  readonly workers: WorkerPool | null;
  /** Opens what a table needs, or throws and opens nothing. */
  readonly openPorts: (table: RouteTable) => Promise<void>;
}

interface IPrepared {
  readonly routes: IRouteConfig[];
  readonly table: RouteTable;
}

export class RouteSwap {
  readonly #parts: IRouteSwapParts;
  #prepared: IPrepared | null = null;

  constructor(parts: IRouteSwapParts) {
    this.#parts = parts;
  }

  /** @throws what the first refusal says; nothing has changed then */
  async update(routes: IRouteConfig[]): Promise<void> {
    const { workers, certificates, settings, engine, openPorts } = this.#parts;
    if (workers !== null) assertPortable(routes);
    const { table } = this.prepare(routes);
    try {
      await workers?.prepareRoutes(routes);
      await certificates.load(certificateRoutes(table.routes, settings));
      await openPorts(table);
    } catch (error) {
      this.discard();
      await workers?.discardRoutes();
      await certificates.load(certificateRoutes(engine.table.routes, settings));
      throw error;
    }
    this.#use();
    await workers?.commitRoutes();
  }

  /** Compiles the routes beside those in use. @throws RouteConfigError, ProxyError */
  prepare(routes: IRouteConfig[]): IPrepared {
    const { engine, settings, security } = this.#parts;
    const table = compileRoutes(routes, settings);
    security.prepare();
    try {
      prepareRoutes(engine, table);
    } catch (error) {
      security.discard();
      throw error;
    }
    this.#prepared = { routes, table };
    return this.#prepared;
  }

  discard(): void {
    this.#parts.security.discard();
    this.#prepared = null;
  }

  /**
   * In a worker: uses what was prepared.
   *
   * @param adopt puts the certificates in that came with it
   * @throws ProxyError when nothing was, as in a worker that began in the midst of it
   */
  async commit(adopt: () => void): Promise<void> {
    const { certificates, settings } = this.#parts;
    if (this.#prepared === null) throw new ProxyError('PROXY_WORKER_FAILED', 'no routes were prepared');
    await certificates.load(certificateRoutes(this.#prepared.table.routes, settings));
    adopt();
    this.#use();
  }

  #use(): void {
    const { engine, settings, security } = this.#parts;
    const { routes, table } = this.#prepared!;
    this.#prepared = null;
    engine.table = table;
    settings.routes = routes;
    const names = new Set(table.routes.map((route) => route.name));
    engine.recorder.setRoutes(names);
    engine.states.keepOnly(controlsOf(engine, table));
    security.keepOnly(names);
  }
}
