/**
 * Errors of the ACME client: one class, stable codes, and what a caller needs to decide on a retry.
 *
 * @module
 */
import * as limits from '../limits/limits.ts';

/**
 * What went wrong.
 *
 * - `ACME_UNREACHABLE`: no answer from the CA (DNS, TCP, TLS, time-out, HTTP 5xx without a problem document).
 * - `ACME_PROBLEM`: the CA refused with a problem document (RFC 8555 §6.7); see `problemType`.
 * - `ACME_RATE_LIMITED`: the CA refused because of a rate limit; see `retryAfterMs`.
 * - `ACME_PROTOCOL`: the CA's answer is not what RFC 8555 allows.
 * - `ACME_CHALLENGE_FAILED`: the CA looked and did not find the challenge's answer.
 * - `ACME_NO_SOLVER`: the CA offers no challenge for a name that we were given means to answer.
 * - `ACME_SOLVER_FAILED`: presenting a challenge's answer failed on our side.
 * - `ACME_ORDER_FAILED`: the order became invalid.
 * - `ACME_DEADLINE`: the CA did not decide in time.
 * - `ACME_ABORTED`: the caller's signal was raised.
 * - `ACME_NAME`: a name that no certificate can be asked for.
 * - `ACME_KEY`: a key of a kind that is not supported, or that does not belong to the certificate.
 * - `ACME_CERTIFICATE`: what the CA delivered is not the certificate that was ordered.
 * - `ACME_ACCOUNT`: no account and none may be made, or the CA demands an external binding or agreement to its terms.
 */
export type TAcmeErrorCode =
  | 'ACME_UNREACHABLE'
  | 'ACME_PROBLEM'
  | 'ACME_RATE_LIMITED'
  | 'ACME_PROTOCOL'
  | 'ACME_CHALLENGE_FAILED'
  | 'ACME_NO_SOLVER'
  | 'ACME_SOLVER_FAILED'
  | 'ACME_ORDER_FAILED'
  | 'ACME_DEADLINE'
  | 'ACME_ABORTED'
  | 'ACME_NAME'
  | 'ACME_KEY'
  | 'ACME_CERTIFICATE'
  | 'ACME_ACCOUNT';

/** A problem of one name inside a larger one (RFC 8555 §6.7.1). */
export interface IAcmeSubproblem {
  readonly type: string;
  readonly detail: string;
  /** The name concerned, when the CA says. */
  readonly name?: string;
}

export interface IAcmeErrorDetails {
  readonly cause?: unknown;
  /** Error type without the `urn:ietf:params:acme:error:` prefix, for example `rateLimited`. */
  readonly problemType?: string;
  /** HTTP status of the CA's answer. */
  readonly status?: number;
  readonly subproblems?: readonly IAcmeSubproblem[];
  /** The name that failed, when one did. */
  readonly name?: string;
  /** Milliseconds the CA asks to wait before the next attempt. */
  readonly retryAfterMs?: number;
  /** Whether the same request can succeed later without anybody changing anything. */
  readonly retry?: boolean;
}

/** The one error class of this package. Compare `code`; messages may change. */
export class AcmeError extends Error {
  readonly code: TAcmeErrorCode;
  readonly problemType: string | undefined;
  readonly status: number | undefined;
  readonly subproblems: readonly IAcmeSubproblem[];
  readonly domain: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retry: boolean;

  constructor(code: TAcmeErrorCode, message: string, details: IAcmeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AcmeError';
    this.code = code;
    this.problemType = details.problemType;
    this.status = details.status;
    this.subproblems = details.subproblems ?? [];
    this.domain = details.name;
    this.retryAfterMs = details.retryAfterMs;
    this.retry = details.retry ?? false;
  }
}

/** Text from the network, made fit for one log line. */
export function printable(text: string): string {
  const clean = text.replace(/[^\u0020-\u007e\u00a0-\uffff]/g, ' ');
  return clean.length > limits.problemTextLengthMax ? `${clean.slice(0, limits.problemTextLengthMax)}…` : clean;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
