/**
 * The route context of a request, built only where a function or template asks for it.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import type { RoutePlan } from '../connection/plan.ts';
import { SRV_PORT } from '../connection/target-name.ts';
import { connectionContext } from '../handler/handler.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import { FIELD_STRIDE } from './head.ts';
import type { Head } from './head.ts';
import type { RequestInfo } from './request.ts';

/** @param target where the request goes, once that is chosen */
export function requestContext(
  connection: Connection,
  plan: RoutePlan,
  head: Head,
  info: RequestInfo,
  target: { readonly host: string; readonly port: number } | null = null,
): IRouteContext {
  const query = info.target.indexOf('?');
  return {
    ...connectionContext(connection, plan),
    domain: info.host === '' ? connection.domain : info.host,
    method: info.method,
    path: info.path,
    ...(plan.route.path?.hasParams === true && {
      pathParams: plan.route.path.params(info.routePath, info.routePath.length) ?? {},
    }),
    query: query === -1 ? '' : info.target.slice(query + 1),
    headers: headersOf(info.text, head),
    ...(target !== null && { targetHost: target.host }),
    ...(target !== null && target.port !== SRV_PORT && { targetPort: target.port }),
  };
}

/** Lower-case names, first value of repeated fields. */
export function headersOf(text: string, head: Head): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const base = head.start;
  for (let at = 0; at < head.fieldCount; at += 1) {
    const range = at * FIELD_STRIDE;
    const name = text.slice(head.ranges[range]! - base, head.ranges[range + 1]! - base).toLowerCase();
    headers[name] ??= text.slice(head.ranges[range + 2]! - base, head.ranges[range + 3]! - base);
  }
  return headers;
}
