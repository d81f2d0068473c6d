/**
 * The management listener: API, metrics and probes over HTTP. Loopback unless configured otherwise.
 *
 * @module
 */
import rateLimit from '@fastify/rate-limit';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestAsyncHookHandler,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { metricsPlugin } from '@dcrouter/metrics';
import type { TApiConfig } from '../config/schema/api.ts';
import { Authenticator, type IDocumentToken } from './auth/authenticator.ts';
import { addressOf, assertHost, assertNetwork, assertOrigin, isLocal, Networks } from './auth/gatekeeper.ts';
import { ApiContext } from './context.ts';
import { BASE } from './endpoint.ts';
import * as limits from './limits.ts';
import { addOpenApi, documentApi } from './openapi.ts';
import { ApiError, problemOf, toApiError } from './problems.ts';
import { addResources } from './resources/index.ts';
import { addProbes } from './resources/probes.ts';
import type { ISocketHandle } from '../process/sockets.ts';
import type { IApiSources, IApiStats } from './sources.ts';
import { Streams, type IStreamOptions } from './streams/streams.ts';

export interface IApiServerOptions {
  readonly config: TApiConfig;
  /** The tokens of the document, their hashes read. */
  readonly tokens?: readonly IDocumentToken[];
  /** PEM, where it serves HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly streams?: IStreamOptions;
  readonly nowMs?: () => number;
}

// The plugin's own declaration does not find fastify where packages see only what they name.
declare module 'fastify' {
  interface FastifyInstance {
    rateLimit(): onRequestAsyncHookHandler;
  }
}

const OPEN_DOOR = '299 dcrouter "no token has been made: every request from this machine may do everything"';

export class ApiServer {
  readonly context: ApiContext;
  readonly #http: FastifyInstance;
  readonly #authenticator: Authenticator;
  #config: TApiConfig;
  #allowed: Networks | null = null;
  readonly #ready: Promise<void>;

  constructor(sources: IApiSources, options: IApiServerOptions) {
    this.#config = options.config;
    this.#authenticator = new Authenticator({
      store: () => (sources.control() === null ? (sources.store() ?? undefined) : sources.store()),
      nowMs: options.nowMs,
    });
    this.context = new ApiContext(sources, this.#authenticator, new Streams(sources.events, options.streams));
    this.use(options.config, options.tokens ?? []);
    this.#http = fastify({
      logger: false,
      forceCloseConnections: 'idle',
      bodyLimit: limits.bodyBytesMax,
      // A stream has no head to look at; probes have one.
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: limits.cursorCharsMax, ignoreTrailingSlash: false },
      serverFactory: (handler) => createListener(handler, options.tls),
    });
    this.#ready = this.#build(sources);
    // Whoever starts it hears of it; until then it is nobody's.
    this.#ready.catch(() => undefined);
  }

  /** Takes over the settings that need no new listener. */
  use(config: TApiConfig, tokens: readonly IDocumentToken[]): void {
    this.#config = config;
    this.#allowed = config.allow === undefined ? null : new Networks(config.allow);
    this.#authenticator.useDocument(tokens);
  }

  /** @param fd a socket that listens already, instead of address and port */
  async start(fd?: number): Promise<void> {
    await this.#ready;
    const { address: host, port } = this.#config;
    await this.#http.listen({ host, port, ...(fd !== undefined && { fd }) });
  }

  /** The listening socket, to hand on; undefined while there is none. */
  handle(): ISocketHandle | undefined {
    const { _handle: handle } = this.#http.server as unknown as { _handle?: ISocketHandle | null };
    return handle !== null && handle !== undefined && handle.fd >= 0 ? handle : undefined;
  }

  /** Ends streams and idle connections at once, and lets answers under way finish for a while. */
  async stop(): Promise<void> {
    this.context.streams.stop();
    const cut = setTimeout(() => this.#http.server.closeAllConnections(), limits.stopGraceMs);
    await this.#http.close();
    clearTimeout(cut);
  }

  /** The bound address; undefined before start and after stop. */
  address(): AddressInfo | undefined {
    const address = this.#http.server.address();
    return address === null || typeof address === 'string' ? undefined : address;
  }

  stats(): IApiStats {
    const { failures, rateLimited } = this.#authenticator;
    return { streams: this.context.streams.stats(), failedTokens: failures.total, rateLimited };
  }

  /** The OpenAPI document. */
  async document(): Promise<object> {
    await this.#ready;
    await this.#http.ready();
    return this.#http.swagger();
  }

  async #build(sources: IApiSources): Promise<void> {
    const app = this.#http;
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(serializerCompiler);
    readJsonOnly(app);
    app.decorateRequest('principal', null);
    app.addHook('onRequest', async (request, reply) => await this.#admit(request, reply));
    app.setErrorHandler((error, request, reply) => void this.#answerError(error, request, reply));
    await app.register(rateLimit, {
      max: () => this.#config.rateLimit.perMinute,
      timeWindow: limits.rateWindowMs,
      cache: limits.rateClientsMax,
      onExceeded: () => {
        this.#authenticator.rateLimited += 1;
      },
      keyGenerator: (request: FastifyRequest) => request.principal?.rateKey ?? `address ${addressOf(request)}`,
      errorResponseBuilder: (_request: FastifyRequest, { ttl }: { readonly ttl: number }) =>
        new ApiError('DCR_API_RATE_LIMITED', 'too many requests within a minute; wait and try again', {
          headers: { 'retry-after': String(Math.ceil(ttl / 1_000)) },
        }),
    });
    app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request) => {
      throw new ApiError('DCR_API_NOT_FOUND', `there is nothing at ${request.method} ${request.url.slice(0, 512)}`);
    });
    await documentApi(app);
    await app.register(metricsPlugin(sources.registry, { allow: this.#config.metricsAllow }));
    addProbes(app, sources);
    addOpenApi(app);
    addResources(app, this.context);
  }

  /** Everything that is decided before a request is read. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    if (this.#config.tls !== undefined) reply.header('strict-transport-security', 'max-age=31536000');
    assertHost(request, this.#config.hosts);
    assertOrigin(request);
    if (!request.url.startsWith(BASE)) return;
    assertNetwork(request, this.#allowed);
    const principal = await this.#authenticator.authenticate(
      request.headers.authorization,
      addressOf(request),
      isLocal(request),
      this.#config.rateLimit.failedPerMinute,
    );
    request.principal = principal;
    if (principal.by === 'local') reply.header('warning', OPEN_DOOR);
  }

  async #answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const told = toApiError(error);
    if (told.code === 'DCR_API_INTERNAL') {
      this.context.sources.logger.error({ method: request.method, url: request.url, err: error }, 'API request failed');
    }
    const { principal } = request;
    if (told.code === 'DCR_API_FORBIDDEN' && principal !== null && request.method !== 'GET') {
      await this.context.audit({
        actor: principal.by,
        action: 'api.refused',
        target: `${request.method} ${request.routeOptions.url ?? request.url}`.slice(0, 512),
        outcome: 'refused',
        detail: { code: told.code },
      });
    }
    const problem = problemOf(told);
    reply.headers(told.more.headers ?? {});
    await reply.code(problem.status).type('application/problem+json').send(problem);
  }
}

/** JSON is all that is read; requests that carry nothing may say that it is JSON. */
function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}

function createListener(
  handler: http.RequestListener,
  tls: { readonly key: string; readonly cert: string } | undefined,
): http.Server {
  const options = {
    requestTimeout: limits.requestMs,
    headersTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
  };
  const server =
    tls === undefined
      ? http.createServer(options, handler)
      : https.createServer({ ...options, ...tls, minVersion: 'TLSv1.2' }, handler);
  server.maxConnections = limits.connectionsMax;
  return server;
}
