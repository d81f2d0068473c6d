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

export interface IApiSources {
  readonly registry: Registry;
  /** Whether every configured listener is up and none is draining. */
  ready(): boolean;
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
    this.#http.get('/api/v1/stats', async () => sources.stats());
    this.#http.setNotFoundHandler((request, reply) =>
      problem(reply, 404, 'Not Found', `there is nothing at ${request.method} ${request.url}`),
    );
    this.#http.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
      problem(reply, error.statusCode ?? 500, 'Request failed', error.message),
    );
  }

  async start(): Promise<void> {
    await this.#http.listen({ host: this.#options.address, port: this.#options.port });
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
