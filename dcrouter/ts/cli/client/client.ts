/**
 * The management API over HTTP, as the command uses it.
 *
 * @module
 */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { CliError } from '../errors.ts';
import { cliLimits } from '../limits.ts';
import { problemError } from './problem.ts';
import { sseMessages, type ISseMessage } from './sse.ts';

export interface IClientOptions {
  /** Scheme, host and port: `http://127.0.0.1:9090`. */
  readonly url: URL;
  readonly token?: string;
  /** Certificates of authorities that the API's is checked against instead of the system's, PEM. */
  readonly ca?: string;
}

export type TQuery = Readonly<Record<string, string | number | boolean | undefined>>;

export interface IRequest {
  readonly query?: TQuery;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** How the user knows the document that is sent, for errors. */
  readonly file?: string;
}

const BASE = '/api/v1';

export class ApiClient {
  readonly url: URL;
  readonly #options: IClientOptions;

  constructor(options: IClientOptions) {
    this.url = options.url;
    this.#options = options;
  }

  get hasToken(): boolean {
    return this.#options.token !== undefined;
  }

  async get<T>(path: string, request: IRequest = {}): Promise<T> {
    return await this.json<T>('GET', path, request);
  }

  /** @throws CliError with the API's code, or `DCR_CLI_UNREACHABLE` */
  async json<T>(method: string, path: string, request: IRequest = {}): Promise<T> {
    const text = await this.text(method, path, request);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw problemError(200, text);
    }
  }

  /** The answer's body as text. @throws as {@link json} */
  async text(method: string, path: string, request: IRequest = {}): Promise<string> {
    return await readText(await this.open(method, path, request));
  }

  /**
   * An answer whose body has not been read yet.
   *
   * @throws as {@link json}
   */
  async open(method: string, path: string, request: IRequest = {}): Promise<IncomingMessage> {
    const response = await this.#send(method, path, request);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw problemError(status, await readText(response), request.file);
  }

  /** Server-Sent Events until the router ends the stream or the signal aborts. @throws as {@link json} */
  async *stream(path: string, request: IRequest): AsyncGenerator<ISseMessage> {
    const response = await this.open('GET', path, request);
    response.setEncoding('utf8');
    response.setTimeout(cliLimits.streamSilentMs, () => response.destroy());
    try {
      yield* sseMessages(response as AsyncIterable<string>);
    } catch (error) {
      // A router that is killed ends its streams in the middle; that is an end like any other.
      if (error instanceof CliError) throw error;
    } finally {
      response.destroy();
    }
  }

  async #send(
    method: string,
    path: string,
    { query = {}, body, headers, signal, timeoutMs }: IRequest,
  ): Promise<IncomingMessage> {
    const url = new URL(this.url);
    url.pathname = `${this.url.pathname.replace(/\/$/, '')}${BASE}${path}`;
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    const { token, ca } = this.#options;
    const bytes = ['POST', 'PUT', 'PATCH'].includes(method) ? Buffer.from(JSON.stringify(body ?? {})) : undefined;
    const options = {
      method,
      agent: false as const,
      timeout: timeoutMs ?? cliLimits.requestMs,
      ...(signal !== undefined && { signal }),
      ...(ca !== undefined && { ca }),
      headers: {
        'user-agent': 'dcrouter-cli',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(bytes !== undefined && { 'content-type': 'application/json', 'content-length': bytes.length }),
        ...headers,
      },
    };
    const request = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    request.once('timeout', () =>
      request.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
    );
    request.end(bytes);
    try {
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return response;
    } catch (error) {
      throw this.#unreachable(error as NodeJS.ErrnoException);
    }
  }

  #unreachable(error: NodeJS.ErrnoException): Error {
    if (error.name === 'AbortError') return error;
    const certificate = /^(?:CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|ERR_SSL)/.test(error.code ?? '');
    if (certificate) {
      const why = `the certificate of ${this.url.origin} is not trusted (${error.code})`;
      return new CliError(
        'DCR_CLI_CERTIFICATE',
        `${why}; name its authority with --ca, and the host as in the certificate`,
      );
    }
    const reason =
      error.code === 'ECONNREFUSED'
        ? 'nothing listens there'
        : error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_CONSTANT'
          ? 'it does not speak HTTP there; is it HTTPS?'
          : (error.code ?? error.message);
    const remedy = 'start it with dcrouter run --config FILE, or name another with --url or DCROUTER_URL';
    return new CliError('DCR_CLI_UNREACHABLE', `no router answers at ${this.url.origin}: ${reason}; ${remedy}`);
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > cliLimits.answerBytesMax)
      throw new CliError('DCR_CLI_NO_API', `the answer has more than ${cliLimits.answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
