import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { contentTypes } from '../exposition/format.ts';
import type { IExposable, IExposeOptions } from '../exposition/format.ts';
import { limits } from '../limits/limits.ts';
import { Access } from './access.ts';
import type { IAccessOptions } from './access.ts';
import { acceptsGzip, negotiateFormat } from './negotiate.ts';

/** Options of {@link metricsHandler}. */
export interface IMetricsHandlerOptions extends IAccessOptions {
  /** Compress when the client accepts gzip. Default true. */
  gzip?: boolean;
  /** Write `_created` samples in OpenMetrics. Default true. */
  created?: boolean;
  /** Milliseconds a client may take to read an exposition. Default 30,000. */
  responseTimeoutMs?: number;
}

/** How a request ended. */
export type TScrapeResult =
  'ok' | 'aborted' | 'bad_method' | 'busy' | 'failed' | 'forbidden' | 'rate_limited' | 'unauthorized';

/** Answers one request. `results` counts how requests ended, for a metric or a log. */
export interface IMetricsHandler {
  (request: IncomingMessage, response: ServerResponse): Promise<void>;
  readonly results: Readonly<Record<TScrapeResult, number>>;
}

interface IRefusalAnswer {
  status: number;
  text: string;
  fields?: Record<string, string>;
}

const refusals: Readonly<
  Record<'forbidden' | 'rate_limited' | 'unauthorized' | 'bad_method' | 'busy', IRefusalAnswer>
> = {
  forbidden: { status: 403, text: 'This address may not read metrics.\n' },
  rate_limited: { status: 429, text: 'Too many requests.\n', fields: { 'retry-after': '1' } },
  // RFC 6750 §3
  unauthorized: { status: 401, text: 'A bearer token is needed.\n', fields: { 'www-authenticate': 'Bearer' } },
  bad_method: { status: 405, text: 'Use GET or HEAD.\n', fields: { allow: 'GET, HEAD' } },
  busy: { status: 503, text: 'Too many expositions at once.\n', fields: { 'retry-after': '1' } },
};

const MS_PER_SECOND = 1_000;

/**
 * A request handler for `node:http` that serves `source` at whatever path it is called for. Safe by default: loopback
 * only, rate limited; see {@link IAccessOptions}. Chooses the format by Accept and compresses if allowed.
 *
 * @example
 * http.createServer(metricsHandler(registry)).listen(9_100, '127.0.0.1');
 */
export function metricsHandler(source: IExposable, options: IMetricsHandlerOptions = {}): IMetricsHandler {
  const access = new Access(options);
  const results: Record<TScrapeResult, number> = {
    ok: 0,
    aborted: 0,
    bad_method: 0,
    busy: 0,
    failed: 0,
    forbidden: 0,
    rate_limited: 0,
    unauthorized: 0,
  };
  let running = 0;

  const refusalOf = (request: IncomingMessage): keyof typeof refusals | undefined => {
    const refusal = access.refusal(request.socket.remoteAddress, request.headers.authorization);
    if (refusal !== undefined) return refusal;
    if (request.method !== 'GET' && request.method !== 'HEAD') return 'bad_method';
    return running >= limits.expositionsAtOnce ? 'busy' : undefined;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) {
      results[refusal] += 1;
      refuse(response, refusals[refusal]);
      return;
    }
    running += 1;
    try {
      results[await answer(source, request, response, options)] += 1;
    } finally {
      running -= 1;
    }
  };
  return Object.assign(handle, { results });
}

function refuse(response: ServerResponse, { status, text, fields }: IRefusalAnswer): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...fields });
  response.end(text);
}

async function answer(
  source: IExposable,
  request: IncomingMessage,
  response: ServerResponse,
  options: IMetricsHandlerOptions,
): Promise<TScrapeResult> {
  const format = negotiateFormat(request.headers.accept);
  const compress = options.gzip !== false && acceptsGzip(request.headers['accept-encoding']);
  response.statusCode = 200;
  response.setHeader('content-type', contentTypes[format]);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('vary', 'accept, accept-encoding');
  if (compress) response.setHeader('content-encoding', 'gzip');
  if (request.method === 'HEAD') {
    response.end();
    return 'ok';
  }
  const timer = setTimeout(() => response.destroy(), options.responseTimeoutMs ?? limits.responseTimeoutMs);
  try {
    const slices = source.exposeSlices({ format, created: options.created, ...collectDeadline(request) });
    return (await writeAll(slices, response, compress)) ? 'ok' : 'aborted';
  } catch {
    // Part of the body may be out already: cutting the connection is the only way to say that it is not whole.
    response.destroy();
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}

/** Prometheus announces how long it will wait; slow collectors must leave time for the writing. */
function collectDeadline(request: IncomingMessage): Pick<IExposeOptions, 'collectTimeoutMs'> {
  const announced = Number(request.headers['x-prometheus-scrape-timeout-seconds']);
  if (!(announced > 0)) return {};
  const announcedMs = announced * MS_PER_SECOND * limits.scrapeTimeoutShare;
  return { collectTimeoutMs: Math.min(limits.collectTimeoutMs, announcedMs) };
}

function ignore(): void {}

function drained(target: Writable): Promise<void> {
  return new Promise((resolve) => target.once('drain', resolve));
}

/** Writes slices as fast as the client reads; resolves to false when the client went away. */
async function writeAll(
  slices: AsyncGenerator<Buffer, void, void>,
  response: ServerResponse,
  compress: boolean,
): Promise<boolean> {
  const gzip = compress ? createGzip({ level: limits.gzipLevel }) : undefined;
  gzip?.pipe(response);
  const target: Writable = gzip ?? response;
  // Whatever goes wrong on the connection ends in its close; an error nobody listens to would end the process.
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  response.on('error', ignore);
  gzip?.on('error', ignore);
  for await (const slice of slices) {
    if (response.destroyed) break;
    if (!target.write(slice)) await Promise.race([drained(target), closed]);
  }
  if (response.destroyed) {
    gzip?.destroy();
    return false;
  }
  target.end();
  await closed;
  return response.writableFinished;
}
