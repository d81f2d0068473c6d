/**
 * What comes out of a decision, made ready once per combination of matching rules, in the form that proxy and DNS take.
 *
 * @module
 */
import { PolicyHeaders, policyVerdict, type IPolicyHeaderEdit, type IPolicyVerdict } from '@dcrouter/smartproxy';
import type { IDnsVerdict } from '@dcrouter/smartdns/server';
import { ruleLimits } from './limits.ts';
import type { Rule } from './rule.ts';

export type TDecision = 'continue' | 'allow' | 'deny' | 'rate-limit' | 'redirect' | 'route' | 'tarpit';

export interface IOutcome {
  readonly decision: TDecision;
  /** The rule that decided; null when none did. */
  readonly rule: Rule | null;
  /** Null: the proxy goes on as without rules. */
  readonly proxy: IPolicyVerdict | null;
  /** Null: the query is answered as without rules. */
  readonly dns: IDnsVerdict | null;
}

/** A header edit of a rule. */
export interface IRuleEdit {
  readonly message: 'request' | 'response';
  readonly edit: IPolicyHeaderEdit;
}

export const UNDECIDED: IOutcome = Object.freeze({ decision: 'continue', rule: null, proxy: null, dns: null });

/** The header edits of the rules that matched so far, in their order; combinations grow like a tree and are kept. */
export class Edits {
  readonly #edits: readonly IRuleEdit[];
  readonly #root: Edits;
  readonly #next = new Map<Rule, Edits>();
  readonly #outcomes = new Map<Rule | null, IOutcome>();
  #made = 0;

  constructor(edits: readonly IRuleEdit[] = [], root: Edits | null = null) {
    this.#edits = edits;
    this.#root = root ?? this;
  }

  /** These and the one of another rule. */
  with(rule: Rule, edit: IRuleEdit): Edits {
    const known = this.#next.get(rule);
    if (known !== undefined) return known;
    const made = new Edits([...this.#edits, edit], this.#root);
    if (this.#root.#hasRoom()) this.#next.set(rule, made);
    return made;
  }

  /** What comes out when `rule` lets things go on, or when all rules were asked (null). */
  outcome(rule: Rule | null): IOutcome {
    if (rule === null && this.#edits.length === 0) return UNDECIDED;
    const known = this.#outcomes.get(rule);
    if (known !== undefined) return known;
    const made = this.#make(rule);
    if (this.#root.#hasRoom()) this.#outcomes.set(rule, made);
    return made;
  }

  /** Who sends what makes ever new combinations of rules match gets answers, but no memory. */
  #hasRoom(): boolean {
    this.#made += 1;
    return this.#made <= ruleLimits.combinations;
  }

  #make(rule: Rule | null): IOutcome {
    const requestHeaders = this.#headers('request');
    const responseHeaders = this.#headers('response');
    const destination = rule === null ? null : rule.destination;
    const isPlain = destination === null && requestHeaders === null && responseHeaders === null;
    const proxy = isPlain
      ? null
      : policyVerdict({ ...(destination ?? { action: 'continue' }), requestHeaders, responseHeaders });
    const decision = rule === null ? 'continue' : destination === null ? 'allow' : 'route';
    return Object.freeze({ decision, rule, proxy, dns: null });
  }

  #headers(message: IRuleEdit['message']): PolicyHeaders | null {
    const edits = this.#edits.filter((edit) => edit.message === message).map(({ edit }) => edit);
    return edits.length === 0 ? null : new PolicyHeaders(edits);
  }
}
