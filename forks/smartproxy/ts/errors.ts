/**
 * Errors that the proxy throws at its user.
 *
 * @module
 */

/** Stable codes; compare these, not messages. */
export type TProxyErrorCode =
  | 'PROXY_ALREADY_RUNNING'
  | 'PROXY_NOT_RUNNING'
  | 'PROXY_LISTEN_FAILED'
  | 'PROXY_BAD_OPTION'
  | 'PROXY_NO_TARGET'
  | 'PROXY_NO_CERTIFICATE'
  | 'PROXY_BAD_CERTIFICATE'
  | 'PROXY_WORKER_FAILED'
  | 'PROXY_BAD_HEADER';

export class ProxyError extends Error {
  readonly code: TProxyErrorCode;

  constructor(code: TProxyErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ProxyError';
    this.code = code;
  }
}
