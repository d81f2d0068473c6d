/**
 * The management listener: metrics, health and statistics over HTTP. Loopback unless configured otherwise.
 *
 * @module
 */
import fastify, { type FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import { metricsPlugin, type Registry } from '@dcrouter/metrics';
import type { IDnsSnapshot } from '@dcrouter/smartdns/server';
import type { IProxySnapshot } from '@dcrouter/smartproxy';
import type { ILiveness } from '../process/readiness.ts';
import type { ISocketHandle } from '../process/sockets.ts';

export interface IApiSources {
  readonly registry: Registry;
  /** Whether every configured listener is up and none is draining. */
  ready(): boolean;
  /** Whether the event loop turns in time. */
  live(): Promise<ILiveness>;
  stats(): IRouterStats;
}

/** What `GET /api/v1/stats` answers: one snapshot of each part that is configured. */
export interface IRouterStats {
  readonly proxy: IProxySnapshot | null;
  readonly dns: IDnsSnapshot | null;
}

export interface IApiOptions {
  readonly address: string;
  readonly port: number;
  /** Addresses and networks that may read `/metrics`, or `any`; loopback unless given. */
  readonly metricsAllow?: readonly string[] | 'any';
}

export class ApiServer {
  readonly #http: FastifyInstance;
  readonly #options: IApiOptions;

  constructor(sources: IApiSources, options: IApiOptions) {
    this.#options = options;
    this.#http = fastify({ logger: false, forceCloseConnections: true });
    this.#http.register(metricsPlugin(sources.registry, { allow: options.metricsAllow }));
    this.#http.get('/healthz', async (_request, reply) => {
      const ready = sources.ready();
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable' });
    });
    this.#http.get('/readyz', async (_request, reply) => {
      const ready = sources.ready();
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
    });
    this.#http.get('/livez', async (_request, reply) => {
      const { live, turnMs } = await sources.live();
      return reply.code(live ? 200 : 503).send({ status: live ? 'live' : 'stuck', turnMs });
    });
    this.#http.get('/api/v1/stats', async () => sources.stats());
    this.#http.setNotFoundHandler((request, reply) =>
      problem(reply, 404, 'Not Found', `there is nothing at ${request.method} ${request.url}`),
    );
    this.#http.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
      problem(reply, error.statusCode ?? 500, 'Request failed', error.message),
    );
  }

  /** @param fd a socket that listens already, instead of address and port */
  async start(fd?: number): Promise<void> {
    const { address: host, port } = this.#options;
    await this.#http.listen({ host, port, ...(fd !== undefined && { fd }) });
  }

  /** The listening socket, to hand on; undefined while there is none. */
  handle(): ISocketHandle | undefined {
    const { _handle: handle } = this.#http.server as unknown as { _handle?: ISocketHandle | null };
    return handle !== null && handle !== undefined && handle.fd >= 0 ? handle : undefined;
  }

  async stop(): Promise<void> {
    await this.#http.close();
  }

  /** The bound address; undefined before start and after stop. */
  address(): AddressInfo | undefined {
    const address = this.#http.server.address();
    return address === null || typeof address === 'string' ? undefined : address;
  }
}

/** RFC 9457 problem details. */
function problem(
  reply: { code(status: number): { type(value: string): { send(body: unknown): unknown } } },
  status: number,
  title: string,
  detail: string,
): unknown {
  return reply.code(status).type('application/problem+json').send({ type: 'about:blank', title, status, detail });
}
