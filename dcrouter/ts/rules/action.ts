/**
 * Actions: what they need, where they make sense, and what they refuse with.
 *
 * @module
 */
import { isPolicyHeader, policyVerdict, type TPolicyReason } from '@dcrouter/smartproxy';
import type { IDnsVerdict } from '@dcrouter/smartdns/server';
import type { TRuleAction, TRuleConfig } from '../config/schema/rules.ts';
import { WindowCounter } from './counters.ts';
import { check, type ICheckContext } from './lang/check.ts';
import { compileRead, type ICompileContext } from './lang/compile.ts';
import { RuleError } from './lang/error.ts';
import { parse } from './lang/parse.ts';
import { parseDuration } from './lang/tokens.ts';
import { ruleLimits } from './limits.ts';
import type { IOutcome, TDecision } from './outcome.ts';
import { ACT, type ICompiledAction, type Rule } from './rule.ts';
import { ALL_STAGES, STAGE } from './stages.ts';
import { compileTemplate } from './template.ts';

const CONNECTED = STAGE.connection | STAGE.request;
const NOTHING: ICompiledAction = {
  act: ACT.pass,
  stages: ALL_STAGES,
  tag: -1,
  edit: null,
  destination: null,
  limit: null,
  redirect: null,
};

/** What is wrong with an action; `field` is the member that is meant. */
export class ActionError extends RuleError {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** What an action is compiled with. */
export interface IActionContext extends ICheckContext, ICompileContext {
  /** The counter of this rule before, if it counts the same. */
  readonly counterBefore: WindowCounter | undefined;
}

/** @throws ActionError naming the member that cannot be used */
export function compileAction(action: TRuleAction, context: IActionContext): ICompiledAction {
  switch (action.type) {
    case 'allow':
      return NOTHING;
    case 'deny':
      return { ...NOTHING, act: ACT.refuse };
    case 'tarpit':
      milliseconds('for', action.for, ruleLimits.tarpitMs);
      return { ...NOTHING, act: ACT.refuse };
    case 'tag':
      return { ...NOTHING, act: ACT.tag, tag: within('tag', () => context.tagIndex(action.tag)) };
    case 'log':
      return { ...NOTHING, act: ACT.log };
    case 'route':
      return { ...NOTHING, stages: CONNECTED, destination: destinationOf(action) };
    case 'rate-limit':
      return rateLimit(action, context);
    case 'redirect': {
      const redirect = within('to', () => compileTemplate(action.to, STAGE.request, context, context));
      return { ...NOTHING, act: ACT.redirect, stages: redirect.stages, redirect };
    }
    default:
      return headerEdit(action);
  }
}

function destinationOf(action: TRuleAction & { type: 'route' }): ICompiledAction['destination'] {
  const { route, target } = action;
  if ((route === undefined) === (target === undefined)) {
    throw new ActionError('', 'needs either route, the name of one of proxy.routes, or target with host and port');
  }
  if (target !== undefined) return { action: 'target', host: target.host, port: target.port };
  return { action: 'route', routeName: route! };
}

function rateLimit(action: TRuleAction & { type: 'rate-limit' }, context: IActionContext): ICompiledAction {
  const windowMs = milliseconds('window', action.window, ruleLimits.windowMs);
  const typed = within('key', () => check(parse(action.key), context));
  if (typed.type === 'boolean') throw new ActionError('key', 'is a condition; count by a text, number or address');
  const counter = context.counterBefore ?? new WindowCounter(windowMs);
  const limit = { counter, count: action.count, key: compileRead(typed, context) };
  return { ...NOTHING, act: ACT.rate, stages: typed.stages, limit };
}

type THeaderAction = Extract<TRuleAction, { type: 'set-header' | 'add-header' | 'remove-header' }>;

function headerEdit(action: THeaderAction): ICompiledAction {
  if (!isPolicyHeader(action.name)) {
    throw new ActionError('name', `${action.name} is the proxy's own: it frames or routes messages`);
  }
  const kind = action.type === 'set-header' ? 'set' : action.type === 'add-header' ? 'add' : 'remove';
  const value = action.type === 'remove-header' ? undefined : action.value;
  const edit = { message: action.message, edit: { kind, name: action.name, value } } as const;
  return { ...NOTHING, act: ACT.edit, stages: STAGE.request, edit };
}

function milliseconds(field: string, text: string, max: number): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1 || ms > max) {
    throw new ActionError(field, `got '${text}', expected at least 1ms and at most ${max / 1_000}s`);
  }
  return ms;
}

function within<T>(field: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RuleError) throw new ActionError(field, error.message);
    throw error;
  }
}

/** RFC 6895 §2.3. */
const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** What a rule refuses with, made once; null when it refuses nothing. */
export function refusalOf(rule: Rule): IOutcome | null {
  const { action } = rule.config;
  switch (action.type) {
    case 'deny': {
      const headers = action.contentType === undefined ? undefined : { 'Content-Type': action.contentType };
      return refusal(rule, 'deny', 'rule-denied', action.status, action.answer, { headers, body: action.body });
    }
    case 'tarpit': {
      const delayMs = parseDuration(action.for)!;
      // To hold back a datagram costs its sender nothing: silence does as much.
      return refusal(rule, 'tarpit', 'rule-tarpit', action.status, 'drop', { delayMs });
    }
    case 'rate-limit':
      return refusal(rule, 'rate-limit', 'rule-rate-limited', action.status, action.answer, {});
    default:
      return null;
  }
}

type TAnswer = keyof typeof RCODES | 'drop';

function refusal(
  rule: Rule,
  decision: TDecision,
  reason: TPolicyReason,
  status: number,
  answer: TAnswer,
  more: { headers?: Record<string, string> | undefined; body?: string | undefined; delayMs?: number },
): IOutcome {
  const proxy = policyVerdict({ action: 'deny', reason, status, ...more });
  const dns: IDnsVerdict = Object.freeze({ rcode: answer === 'drop' ? 'drop' : RCODES[answer], reason });
  return Object.freeze({ decision, rule, proxy, dns });
}

const MS_PER_SECOND = 1_000;

/** The refusal of a rate limit, with the seconds until there is room again (RFC 9110 §10.2.3). */
export function tooMany(rule: Rule, waitMs: number): IOutcome {
  const plain = rule.refusal!;
  const headers = { 'Retry-After': String(Math.ceil(waitMs / MS_PER_SECOND)) };
  return { ...plain, proxy: policyVerdict({ ...plain.proxy!, headers }) };
}

/** Where a redirect sends the client. */
export function redirected(rule: Rule, location: string): IOutcome {
  const { action } = rule.config as TRuleConfig & { action: { type: 'redirect' } };
  const proxy = policyVerdict({ action: 'answer', status: action.status, headers: { Location: location } });
  return { decision: 'redirect', rule, proxy, dns: null };
}
