/**
 * Signed requests to one CA: directory, nonces, bad-nonce retries, problem documents.
 *
 * @module
 */
import type { IAcmeClock } from '../client/clock.ts';
import type { IJws } from '../keys/account-key.ts';
import { AcmeError, printable } from '../errors/acme-error.ts';
import * as limits from '../limits/limits.ts';
import { retryAfterMs } from '../transport/headers.ts';
import type { IAcmeRequest, IAcmeResponse, TAcmeTransport } from '../transport/transport.ts';
import type { IDirectory, IProblem } from './resources.ts';
import { readDirectory, readObject, readProblem } from './resources.ts';

/** Makes the signed body for a nonce and a URL. */
export type TSigner = (header: { readonly nonce: string; readonly url: string }) => IJws;

export interface IAcmeSessionOptions {
  readonly directoryUrl: string;
  readonly transport: TAcmeTransport;
  readonly clock: IAcmeClock;
  readonly userAgent: string;
}

/** One CA's protocol state. Holds no secret. */
export class AcmeSession {
  readonly #options: IAcmeSessionOptions;
  readonly #nonces: string[] = [];
  #directory: IDirectory | undefined;
  #directoryReadMs = 0;

  constructor(options: IAcmeSessionOptions) {
    this.#options = options;
  }

  /** The CA's directory, read at most once an hour. */
  async directory(signal?: AbortSignal): Promise<IDirectory> {
    const nowMs = this.#options.clock.now();
    if (this.#directory === undefined || nowMs - this.#directoryReadMs > limits.directoryLifeMs) {
      this.#directory = readDirectory((await this.get(this.#options.directoryUrl, signal)).body);
      this.#directoryReadMs = nowMs;
    }
    return this.#directory;
  }

  /** An unsigned GET: directory and renewal information only (RFC 8555 §6.3). */
  async get(url: string, signal?: AbortSignal): Promise<IAcmeResponse> {
    const response = await this.#send({ method: 'GET', url, headers: { accept: 'application/json' } }, signal);
    if (response.status === 200) return response;
    throw this.#failure(url, response);
  }

  /** A signed POST; repeated with a fresh nonce while the CA rejects the nonce (RFC 8555 §6.5). */
  async post(url: string, signer: TSigner, signal?: AbortSignal, accept = 'application/json'): Promise<IAcmeResponse> {
    for (let attempt = 1; ; attempt++) {
      const nonce = await this.#takeNonce(signal);
      const headers = { 'content-type': 'application/jose+json', accept };
      const body = JSON.stringify(signer({ nonce, url }));
      const response = await this.#send({ method: 'POST', url, headers, body }, signal);
      if (response.status >= 200 && response.status < 300) return response;
      const error = this.#failure(url, response);
      if (error.problemType !== 'badNonce' || attempt >= limits.nonceAttemptsMax) throw error;
    }
  }

  async #send(request: Omit<IAcmeRequest, 'signal'>, signal: AbortSignal | undefined): Promise<IAcmeResponse> {
    const headers = { ...request.headers, 'user-agent': this.#options.userAgent };
    const response = await this.#options.transport({
      ...request,
      headers,
      ...(signal === undefined ? {} : { signal }),
    });
    const nonce = response.headers['replay-nonce'];
    // RFC 8555 §6.5.1: base64url; what is not would break our own header.
    if (nonce !== undefined && /^[A-Za-z0-9_-]+$/.test(nonce) && this.#nonces.length < limits.noncesKeptMax) {
      this.#nonces.push(nonce);
    }
    return response;
  }

  /** The newest nonce: it is the least likely to have expired. */
  async #takeNonce(signal: AbortSignal | undefined): Promise<string> {
    const kept = this.#nonces.pop();
    if (kept !== undefined) return kept;
    const url = (await this.directory(signal)).newNonce;
    const response = await this.#send({ method: 'HEAD', url, headers: {} }, signal);
    const fresh = this.#nonces.pop();
    if (fresh !== undefined) return fresh;
    if (response.status >= 400) throw this.#failure(url, response);
    throw new AcmeError('ACME_PROTOCOL', 'the CA answered newNonce without a Replay-Nonce');
  }

  #failure(url: string, response: IAcmeResponse): AcmeError {
    const waitMs = retryAfterMs(response.headers['retry-after'], this.#options.clock.now());
    const isProblem = (response.headers['content-type'] ?? '').startsWith('application/problem+json');
    if (isProblem) return problemError(readProblem(readObject(response.body, 'the problem')), response.status, waitMs);
    const retry = response.status >= 500 || response.status === 429;
    return new AcmeError(
      retry ? 'ACME_UNREACHABLE' : 'ACME_PROTOCOL',
      `${printable(url)} answered with HTTP status ${response.status}`,
      { status: response.status, retry, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) },
    );
  }
}

/** The error for a problem document. */
export function problemError(problem: IProblem, status: number | undefined, waitMs?: number): AcmeError {
  const limited = problem.type === 'rateLimited';
  // serverInternal and 503 are the CA's trouble; every other refusal stays until somebody changes something.
  const retry = limited || problem.type === 'serverInternal' || problem.type === 'badNonce' || (status ?? 0) >= 500;
  const names = problem.subproblems.map((item) => `${item.name ?? 'one name'}: ${item.detail} (${item.type})`);
  const message = [`the CA refused: ${problem.detail} (${problem.type})`, ...names].join('; ');
  return new AcmeError(limited ? 'ACME_RATE_LIMITED' : 'ACME_PROBLEM', printable(message), {
    problemType: problem.type,
    subproblems: problem.subproblems,
    retry,
    ...(status === undefined ? {} : { status }),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
}
