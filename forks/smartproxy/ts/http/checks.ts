/**
 * What a request must pass before it is forwarded, and answers that need no target.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import type { RoutePlan } from '../connection/plan.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import { CORS_RESPONSE_FIELDS } from '../headers/cors.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import type { IRouteTestResponse } from '../interfaces/http.ts';
import type { ISecurityRequest } from '../security/route-security.ts';
import type { Head } from './head.ts';
import type { RequestInfo } from './request.ts';
import { fieldValue } from './rewrite.ts';
import { requestContext } from './context.ts';
import { redirectAnswer } from './redirect.ts';

/** A refusal, or an answer of our own, ready to send. */
export interface IAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Header lines with CRLF, beside `headers`. */
  readonly lines?: string;
  readonly body?: string;
  /** Set when `lines` hold a request id already. */
  readonly hasId?: boolean;
  /** Set when it is a refusal: the reason to count. */
  readonly reason?: string;
}

const NO_CONTENT = 204;
const FORBIDDEN = 403;
const BAD_REQUEST = 400;

/** Null: go on. A promise only where a password is hashed or user code is asked. */
export type TVerdict = IAnswer | null | Promise<IAnswer | null>;

/** Security of the route, and preflights in the midst of it. */
export function checkAccess(
  connection: Connection,
  plan: RoutePlan,
  policy: TargetPolicy | null,
  head: Head,
  info: RequestInfo,
): TVerdict {
  const header = (name: string): string | undefined => fieldValue(info.text, head, name);
  const { security } = plan;
  const nowMs = performance.now();
  const request: ISecurityRequest = {
    clientIp: connection.clientIp,
    domain: info.host === '' ? undefined : info.host,
    path: info.routePath,
    header,
  };
  if (security !== null && security.checksRequests) {
    const busy = security.checkRate(request, nowMs);
    if (busy !== null) return busy;
  }
  // A preflight carries no credentials (Fetch §3.2.2), so it is answered before they are asked for.
  const preflight = policy === null ? null : answerPreflight(policy, info, header);
  if (preflight !== null) return preflight;
  return security !== null && security.checksRequests ? security.checkAuth(request, nowMs, Date.now()) : null;
}

function answerPreflight(
  policy: TargetPolicy,
  info: RequestInfo,
  header: (name: string) => string | undefined,
): IAnswer | null {
  const { cors } = policy;
  if (cors === null || info.method !== 'OPTIONS') return null;
  const origin = header('origin');
  if (!cors.isPreflight(info.method, origin, header('access-control-request-method'))) return null;
  const lines = cors.preflightLines(origin ?? '', header('access-control-request-headers'));
  return { status: NO_CONTENT, lines };
}

/** What the target's policy answers or refuses itself, once the route let the request in. */
export function answerLocally(
  connection: Connection,
  plan: RoutePlan,
  policy: TargetPolicy,
  head: Head,
  info: RequestInfo,
): TVerdict {
  const header = (name: string): string | undefined => fieldValue(info.text, head, name);
  const { testResponse } = policy.advanced;
  if (testResponse !== undefined) {
    return cannedAnswer(connection, policy, testResponse, header, () => requestContext(connection, plan, head, info));
  }
  if (policy.redirect !== null) return redirectAnswer(connection, plan, policy, head, info);
  const { webSocket } = policy;
  if (info.upgrade === '' || webSocket === null) return null;
  if (!webSocket.enabled) return { status: FORBIDDEN, reason: 'upgrade-not-allowed' };
  const { allowedOrigins, subprotocols, authenticateRequest } = webSocket;
  if (allowedOrigins !== undefined && !allowedOrigins.includes(header('origin') ?? '')) {
    return { status: FORBIDDEN, reason: 'origin-not-allowed' };
  }
  if (subprotocols !== undefined && !offersOneOf(header('sec-websocket-protocol'), subprotocols)) {
    return { status: BAD_REQUEST, reason: 'subprotocol-not-allowed' };
  }
  if (authenticateRequest === undefined) return null;
  return ask(authenticateRequest, requestContext(connection, plan, head, info));
}

/** As a target's answer would be, with the edits of the route. */
function cannedAnswer(
  connection: Connection,
  { cors, responseEdits }: TargetPolicy,
  { status, headers, body }: IRouteTestResponse,
  header: (name: string) => string | undefined,
  context: () => IRouteContext,
): IAnswer {
  const kept = Object.entries(headers).filter(([name]) => {
    const folded = name.toLowerCase();
    return !responseEdits?.names.includes(folded) && !(cors !== null && CORS_RESPONSE_FIELDS.includes(folded));
  });
  const lines = (cors?.responseLines(header('origin')) ?? '') + (responseEdits?.lines(context) ?? '');
  const hasId = connection.engine.requestIds?.isEditedBy(responseEdits) === true;
  return { status, headers: Object.fromEntries(kept), lines, body, hasId };
}

function offersOneOf(offered: string | undefined, accepted: readonly string[]): boolean {
  return (offered ?? '').split(',').some((name) => accepted.includes(name.trim()));
}

/** User code that throws lets nobody in. */
function ask(authenticate: (context: IRouteContext) => boolean | Promise<boolean>, context: IRouteContext): TVerdict {
  const refusal: IAnswer = { status: FORBIDDEN, reason: 'upgrade-not-authenticated' };
  try {
    const allowed = authenticate(context);
    if (!(allowed instanceof Promise)) return allowed ? null : refusal;
    return allowed.then(
      (yes) => (yes ? null : refusal),
      () => refusal,
    );
  } catch {
    return refusal;
  }
}
