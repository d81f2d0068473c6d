/** @module */
import { ProxyError } from '../errors.ts';
import type { IPolicyVerdict } from '../interfaces/policy.ts';

/**
 * A verdict with everything that is left out filled in, so that all have one shape.
 *
 * @example
 * const denied = policyVerdict({ action: 'deny', status: 403 });
 * proxy.setPolicy({ request: ({ path }) => (path.startsWith('/private/') ? denied : null) });
 */
export function policyVerdict(verdict: Partial<IPolicyVerdict> & Pick<IPolicyVerdict, 'action'>): IPolicyVerdict {
  const { action, reason = 'rule-denied', status = 403, headers, body, host = '', port = 0, routeName = '' } = verdict;
  const { delayMs = 0, requestHeaders = null, responseHeaders = null } = verdict;
  return Object.freeze({
    action,
    reason,
    status,
    headers,
    body,
    host,
    port,
    routeName,
    delayMs,
    requestHeaders,
    responseHeaders,
  });
}

/** Whether a verdict ends a request here. */
export function isFinal(verdict: IPolicyVerdict | null): verdict is IPolicyVerdict & { action: 'deny' | 'answer' } {
  return verdict !== null && (verdict.action === 'deny' || verdict.action === 'answer');
}

/** Why there are no policies with workers. */
export function policyInWorkers(): ProxyError {
  return new ProxyError(
    'PROXY_BAD_OPTION',
    'policy: its functions cannot be sent to worker processes, and to ask this process about every connection and ' +
      'request would leave the work to it alone; leave out workers, or say it as data in the routes (security, ' +
      'rateLimit, redirect)',
  );
}
