/**
 * The answer of a route that redirects.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import type { RoutePlan } from '../connection/plan.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import { limits } from '../limits/limits.ts';
import type { TLocationFault } from '../template/location.ts';
import type { IAnswer } from './checks.ts';
import { requestContext } from './context.ts';
import type { Head } from './head.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';
import type { RequestInfo } from './request.ts';
import { fieldValue } from './rewrite.ts';

const FAULTS = {
  'no-host': REFUSALS.hostMissing,
  'bad-host': REFUSALS.host,
  'bad-target': REFUSALS.target,
} as const satisfies Record<TLocationFault, IRefusal>;

/** The redirect of one request, with the route's header edits; a refusal where no location can be made of it. */
export function redirectAnswer(
  connection: Connection,
  plan: RoutePlan,
  policy: TargetPolicy,
  head: Head,
  info: RequestInfo,
): IAnswer {
  const { status, location } = policy.redirect!;
  let known: IRouteContext | undefined;
  const context = (): IRouteContext => (known ??= requestContext(connection, plan, head, info));
  const made = location.render({ host: info.host, target: info.target, context });
  if ('fault' in made) return FAULTS[made.fault];
  if (made.location.length > limits.locationBytes) return REFUSALS.targetTooLong;
  const { cors, responseEdits } = policy;
  let lines = `Location: ${made.location}\r\n`;
  if (cors !== null) lines += cors.responseLines(fieldValue(info.text, head, 'origin'));
  if (responseEdits !== null) lines += responseEdits.lines(context);
  return { status, lines, hasId: connection.engine.requestIds?.isEditedBy(responseEdits) === true };
}
