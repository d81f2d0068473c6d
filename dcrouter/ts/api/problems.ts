/**
 * Every error that the management API answers, as RFC 9457 problem documents: one table of stable codes.
 *
 * @module
 */
import type { IConfigProblem } from '../config/error.ts';
import { retryAfterSeconds } from './limits.ts';

/** Status and title by code. A code, once published, keeps its meaning; clients compare codes. */
export const PROBLEMS = {
  DCR_API_BAD_JSON: [400, 'The body is not JSON'],
  DCR_API_INVALID: [400, 'The request does not fit'],
  DCR_API_CURSOR: [400, 'The cursor does not belong to this list'],
  DCR_API_UNAUTHORIZED: [401, 'A token is needed'],
  DCR_API_FORBIDDEN: [403, 'The token may not do this'],
  DCR_API_NETWORK: [403, 'This address may not use the API'],
  DCR_API_ORIGIN: [403, 'Requests from web pages are refused'],
  DCR_API_NOT_FOUND: [404, 'There is no such thing'],
  DCR_API_IN_DOCUMENT: [409, 'It stands in the document'],
  DCR_API_CONFLICT: [409, 'It does not go with what there is'],
  DCR_STORE_CONFLICT: [409, 'Another change came first'],
  DCR_CONTROL_UNCONFIRMED: [409, 'Nothing waits for its confirmation'],
  DCR_CONTROL_NO_FILE: [409, 'The router was not started from a file'],
  DCR_START_FAILED: [409, 'The router cannot serve it'],
  DCR_CONTROL_PRECONDITION: [412, 'It has changed meanwhile'],
  DCR_API_TOO_LARGE: [413, 'The body is too large'],
  DCR_API_MEDIA_TYPE: [415, 'The body must be application/json'],
  DCR_API_MISDIRECTED: [421, 'The Host is not one of the API'],
  DCR_CONFIG_INVALID: [422, 'The configuration would not be valid'],
  DCR_CONTROL_CONFIRM: [422, 'The time to confirm cannot be used'],
  DCR_STORE_REQUEST: [422, 'The store does not take this'],
  DCR_CONTROL_NO_VERSION: [404, 'There is no such version'],
  DCR_API_RATE_LIMITED: [429, 'Too many requests'],
  DCR_API_INTERNAL: [500, 'The router has failed at this'],
  DCR_API_CERTIFICATE: [502, 'The certificate cannot be had'],
  DCR_API_RESTART: [502, 'The new process does not serve'],
  DCR_API_STREAMS: [503, 'Too many streams are open'],
  DCR_API_NOT_RUNNING: [503, 'This part of the router does not run'],
  DCR_CONTROL_BUSY: [503, 'Other changes are under way'],
  DCR_CONTROL_STOPPED: [503, 'The router is stopping'],
  DCR_STORE_LOCK_TIMEOUT: [503, 'Another node is at it'],
  DCR_STORE_UNAVAILABLE: [503, 'The store is away'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;

export type TProblemCode = keyof typeof PROBLEMS;

/** What a problem says beyond its code. */
export interface IProblemDetail {
  /** Places in the request or the configuration that are wrong. */
  readonly problems?: ReadonlyArray<Partial<IConfigProblem> & { readonly path: string; readonly message: string }>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of an error's answer. */
export interface IProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly problems?: IProblemDetail['problems'];
}

/** An error that is answered as the problem of its code. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: TProblemCode;
  readonly more: IProblemDetail;

  constructor(code: TProblemCode, message: string, more: IProblemDetail = {}) {
    super(message);
    this.code = code;
    this.more = more;
  }
}

/** Fastify's own errors by their codes. */
const FRAMEWORK: Readonly<Record<string, TProblemCode>> = {
  FST_ERR_VALIDATION: 'DCR_API_INVALID',
  FST_ERR_BAD_URL: 'DCR_API_INVALID',
  FST_ERR_CTP_BODY_TOO_LARGE: 'DCR_API_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'DCR_API_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'DCR_API_BAD_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'DCR_API_BAD_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'DCR_API_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'DCR_API_INVALID',
};

interface IForeignError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly problems?: IProblemDetail['problems'];
  readonly validation?: ReadonlyArray<{ readonly instancePath?: string; readonly message?: string }>;
  readonly validationContext?: string;
}

/** Any error as the one that is answered; what nobody foresaw is told as nothing more than that. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const foreign = (typeof error === 'object' && error !== null ? error : {}) as IForeignError;
  const code = typeof foreign.code === 'string' ? foreign.code : '';
  const message = String(foreign.message ?? '');
  if (foreign.validation !== undefined) {
    const where = foreign.validationContext ?? 'request';
    return new ApiError('DCR_API_INVALID', `the ${where} does not fit: see problems`, {
      problems: foreign.validation.map((issue) => ({
        path: `${where}${(issue.instancePath ?? '').replaceAll('/', '.')}`.replace(/\.$/, ''),
        message: issue.message ?? 'does not fit',
      })),
    });
  }
  const own = FRAMEWORK[code] ?? (Object.hasOwn(PROBLEMS, code) ? (code as TProblemCode) : undefined);
  if (own === undefined) return new ApiError('DCR_API_INTERNAL', 'see the log of the router for what has failed');
  const away = PROBLEMS[own][0] === 503;
  return new ApiError(own, message, {
    ...(foreign.problems !== undefined && { problems: foreign.problems }),
    ...(away && { headers: { 'retry-after': String(retryAfterSeconds) } }),
  });
}

export function problemOf({ code, message, more }: ApiError): IProblem {
  const [status, title] = PROBLEMS[code];
  const { problems } = more;
  return {
    type: `urn:dcrouter:error:${code}`,
    title,
    status,
    code,
    detail: message,
    ...(problems !== undefined && { problems }),
  };
}
