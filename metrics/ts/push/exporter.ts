import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';
import type { IRegistrySnapshot } from '../several/snapshot.ts';
import { toOtlp } from './otlp.ts';

/** Options of {@link OtlpExporter}. */
export interface IOtlpExporterOptions {
  /** Full URL of the metrics endpoint, such as `http://127.0.0.1:4318/v1/metrics`. */
  url: string;
  /** Attributes of the sender; `service.name` is expected by collectors. */
  resource: Readonly<Record<string, string>>;
  /** Header fields, such as an authorization. */
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds between pushes. Default 60,000. */
  intervalMs?: number;
  /** Milliseconds a push may take. Default 10,000. */
  timeoutMs?: number;
  /** Compress the body. Default true. */
  gzip?: boolean;
  /** Sends a request. Default the global `fetch`. */
  fetch?: typeof fetch;
}

/** What has become of the pushes so far. */
export interface IPushResults {
  /** Accepted by the collector. */
  ok: number;
  /** Refused with a status that another attempt will not change. */
  refused: number;
  /** Not delivered: connection, time-out, or a status that asks to try later. */
  failed: number;
  /** Left out because the one before had not ended. */
  skipped: number;
}

const compress = promisify(gzip);
const SCOPE = { name: '@dcrouter/metrics', version: '0.1.0' };
/** Statuses that the OTLP specification calls retryable. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Pushes snapshots to an OpenTelemetry collector over OTLP/HTTP with JSON. Values are cumulative, so a push that fails
 * loses nothing: the next one carries it.
 *
 * @example
 * const exporter = new OtlpExporter(registry, { url: 'http://127.0.0.1:4318/v1/metrics', resource: { 'service.name': 'shop' } });
 * exporter.start();
 */
export class OtlpExporter {
  /** What has become of the pushes so far. */
  readonly results: IPushResults = { ok: 0, refused: 0, failed: 0, skipped: 0 };
  /** Why the last push that failed or was refused did. */
  lastError: string | undefined;
  readonly #source: { snapshot(): Promise<IRegistrySnapshot> };
  readonly #options: IOtlpExporterOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<boolean> | undefined;

  constructor(source: { snapshot(): Promise<IRegistrySnapshot> }, options: IOtlpExporterOptions) {
    if (!URL.canParse(options.url) || !/^https?:$/.test(new URL(options.url).protocol)) {
      throw new MetricsError('METRICS_BAD_OPTION', `url: '${options.url}' is not an http(s) URL`);
    }
    this.#source = source;
    this.#options = options;
  }

  /** Pushes from now on, once per interval. Does not keep the process alive. */
  start(): void {
    this.#timer ??= setInterval(() => {
      if (this.#running === undefined) void this.push();
      else this.results.skipped += 1;
    }, this.#options.intervalMs ?? limits.pushIntervalMs).unref();
  }

  /** Stops the interval and pushes a last time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
    await this.push();
  }

  /** Pushes now; resolves to true when the collector accepted it. Never rejects. */
  push(): Promise<boolean> {
    const running = this.#push().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #push(): Promise<boolean> {
    try {
      const status = await this.#send(
        JSON.stringify(toOtlp(await this.#source.snapshot(), this.#options.resource, SCOPE)),
      );
      if (status >= 200 && status < 300) {
        this.results.ok += 1;
        return true;
      }
      this.lastError = `the collector answered ${status}`;
      this.results[RETRYABLE.has(status) ? 'failed' : 'refused'] += 1;
    } catch (error) {
      this.lastError = error instanceof Error ? error.message : String(error);
      this.results.failed += 1;
    }
    return false;
  }

  async #send(text: string): Promise<number> {
    const { url, headers, timeoutMs = limits.pushTimeoutMs } = this.#options;
    const zipped = this.#options.gzip !== false;
    const response = await (this.#options.fetch ?? fetch)(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', ...(zipped ? { 'content-encoding': 'gzip' } : {}) },
      body: zipped ? new Uint8Array(await compress(text, { level: limits.gzipLevel })) : text,
      signal: AbortSignal.timeout(timeoutMs),
    });
    // The body must be read or dropped, or the connection is not used again.
    await response.body?.cancel();
    return response.status;
  }
}
