/**
 * The rules as a part of the router: compiled before proxy and DNS start, swapped whole when the configuration changes.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { SmartProxy } from '@dcrouter/smartproxy';
import { ConfigError, formatPath } from '../config/error.ts';
import type { TConfig, TRulesConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { systemClock, type IRuleClock } from './calendar.ts';
import { RulesError } from './compile.ts';
import { ruleComplaints } from './complaints.ts';
import { DnsRules } from './dnspolicy.ts';
import { explain } from './explain.ts';
import type { Facts } from './facts.ts';
import { factsOf, inputOf, Recorder } from './input.ts';
import { ruleLimits } from './limits.ts';
import type { IOutcome } from './outcome.ts';
import { ProxyRules, type TWitness } from './proxypolicy.ts';
import type { Rule } from './rule.ts';
import { RuleSet } from './ruleset.ts';
import { STAGE, stageNames } from './stages.ts';
import type {
  IExplanation,
  IFactsInput,
  IRecordedFacts,
  IRuleComplaint,
  IRuleEngine,
  IRuleStats,
  IRuleStatus,
} from './types.ts';

const NO_RULES: TRulesConfig = { timeZone: 'UTC', record: 0, lists: {}, rules: [] };
const MS_PER_SECOND = 1_000;

export class RulesPart implements IPart, IRuleEngine {
  readonly name = 'rules';
  readonly #context: IRouterContext;
  readonly #clock: IRuleClock;
  #set: RuleSet;
  /** The set before, which is asked again when a change is taken back. */
  #before: RuleSet | null = null;
  #routes: readonly string[] = [];
  #recorder: Recorder | null = null;
  #proxy: SmartProxy | null = null;
  #dns: DnsServer | null = null;
  /** The second that log lines are counted in, and how many it had. */
  #logSecond = 0;
  #logLines = 0;
  #logLinesDropped = 0;

  /** @param clock for tests */
  constructor(context: IRouterContext, clock: IRuleClock = systemClock) {
    this.#context = context;
    this.#clock = clock;
    this.#set = new RuleSet(NO_RULES, { clock });
  }

  /** The rules that are asked now. */
  get set(): RuleSet {
    return this.#set;
  }

  start(config: TConfig): Promise<void> {
    return this.apply(config);
  }

  /** Between two events all rules are others, or none. Hits of rules that stay as they are go on. */
  async apply(next: TConfig): Promise<void> {
    const before = this.#set;
    // A part after this one has refused: hits and counts go on as if nothing had been.
    const earlier = this.#before?.config === next.rules ? this.#before : null;
    earlier?.resumeAfter(before);
    this.#set = earlier ?? this.#compile(next.rules, before);
    this.#before = before;
    this.#routes = routeNames(next);
    if (next.rules.record !== before.config.record) {
      this.#recorder = next.rules.record === 0 ? null : new Recorder(next.rules.record);
    }
    this.#install();
  }

  listening(): [] {
    return [];
  }

  async stop(): Promise<void> {
    this.#proxy = null;
    this.#dns = null;
  }

  /** The proxy that asks the rules from now on; called when there is one, before it starts. */
  attachProxy(proxy: SmartProxy | null): void {
    this.#proxy = proxy;
    this.#install();
  }

  /** The DNS server that asks the rules from now on; called when there is one, before it starts. */
  attachDns(dns: DnsServer | null): void {
    this.#dns = dns;
    this.#install();
  }

  list(): readonly IRuleStatus[] {
    const statusOf = (rule: Rule, order: number): IRuleStatus => ({
      ...rule.config,
      order,
      stages: stageNames(rule.stages),
      hits: rule.hits,
    });
    const { ordered, disabled } = this.#set;
    return [...ordered.map((rule, at) => statusOf(rule, at + 1)), ...disabled.map((rule) => statusOf(rule, 0))];
  }

  check(rules: TRulesConfig): readonly IRuleComplaint[] {
    return ruleComplaints(rules, this.#routes);
  }

  test(facts: IFactsInput, rules?: TRulesConfig): IExplanation {
    const set = rules === undefined ? this.#set : new RuleSet(rules, { clock: this.#clock, before: this.#set });
    return explain(set, factsOf(facts, set), this.#clock.monotonicMs());
  }

  recent(limit = Infinity): readonly IRecordedFacts[] {
    return this.#recorder?.recent(limit) ?? [];
  }

  stats(): IRuleStats {
    const { ordered, counters } = this.#set;
    return {
      rules: ordered.length,
      evaluations: this.#set.evaluations(),
      hits: ordered.map((rule) => ({ rule: rule.name, action: rule.config.action.type, hits: rule.hits })),
      counters: [...counters.stats(), ...ordered.flatMap(limitStats)],
      logLinesDropped: this.#logLinesDropped,
    };
  }

  #compile(rules: TRulesConfig, before: RuleSet): RuleSet {
    try {
      return new RuleSet(rules, { clock: this.#clock, before, log: (rule, facts) => this.#log(rule, facts) });
    } catch (error) {
      if (!(error instanceof RulesError)) throw error;
      throw new ConfigError(
        error.complaints.map(({ path, message }) => ({
          file: 'configuration',
          path: formatPath(['rules', ...path]),
          message,
        })),
      );
    }
  }

  /** Whoever has no rule to ask is not asked at all. */
  #install(): void {
    const set = this.#set;
    const witness: TWitness | null = this.#recorder === null ? null : this.#witness(this.#recorder);
    const isForProxy = witness !== null || set.isAskedAt(STAGE.connection) || set.isAskedAt(STAGE.request);
    const isForDns = witness !== null || set.isAskedAt(STAGE.query);
    this.#proxy?.setPolicy(isForProxy ? new ProxyRules(set, witness) : null);
    this.#dns?.setPolicy(isForDns ? new DnsRules(set, witness) : null);
  }

  #witness(recorder: Recorder): TWitness {
    return (facts: Facts, outcome: IOutcome, tags, headers) => {
      recorder.add({
        ...inputOf(facts, headers),
        stage: stageNames(facts.stage)[0]!,
        atMs: this.#clock.wallMs(),
        ...(tags.length > 0 && { tags }),
        ...(outcome.rule !== null && { rule: outcome.rule.name }),
        decision: outcome.decision,
      });
    };
  }

  #log(rule: Rule, facts: Facts): void {
    const second = Math.floor(this.#clock.monotonicMs() / MS_PER_SECOND);
    if (second !== this.#logSecond) {
      this.#logSecond = second;
      this.#logLines = 0;
    }
    this.#logLines += 1;
    if (this.#logLines > ruleLimits.logLinesPerSecond) {
      this.#logLinesDropped += 1;
      return;
    }
    const { action } = rule.config;
    const message = action.type === 'log' ? action.message : undefined;
    const data = { rule: rule.name, ...(message !== undefined && { message }), facts: inputOf(facts, undefined) };
    this.#context.logger.info(data, 'rule matched');
    this.#context.events.publish('rule.matched', data);
  }
}

function routeNames(config: TConfig): string[] {
  return (config.proxy?.routes ?? []).map(({ name }) => name);
}

function limitStats(rule: Rule): IRuleStats['counters'] {
  const counter = rule.action.limit?.counter;
  return counter === undefined
    ? []
    : [{ name: `rate-limit ${rule.name}`, keys: counter.keys, evicted: counter.evicted }];
}
