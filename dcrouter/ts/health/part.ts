/**
 * Health checks as a part of the router: they run, and what they find out reaches balancing, DNS and the events.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import type { ITargetResolver, SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { Check, type ICheckOptions } from './check.ts';
import { checksOf } from './config.ts';
import { Scheduler } from './scheduler.ts';
import type { ICheckStatus, IHealth, IHealthChange, IHealthStats, THealthState } from './types.ts';
import { Votes } from './votes.ts';

/** What the checks ask, and whom they tell. */
export interface IHealthLinks {
  readonly resolver: () => ITargetResolver;
  readonly proxy: () => SmartProxy | null;
  /** Records follow the check: they are to be looked at anew. */
  readonly onChange: () => void;
}

export class HealthPart implements IPart, IHealth {
  readonly name = 'health';
  readonly #context: IRouterContext;
  readonly #links: IHealthLinks;
  readonly #scheduler: Scheduler;
  readonly #votes: Votes;
  #checks = new Map<string, Check>();
  /** What each check was made of, to see whether it is another now. */
  #sources = new Map<string, string>();
  /** Calls off what is under way when the router stops. */
  #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #runs = 0;
  #failures = 0;
  #changes = 0;

  constructor(context: IRouterContext, links: IHealthLinks) {
    this.#context = context;
    this.#links = links;
    this.#scheduler = new Scheduler({
      run: async (check) => await this.#tracked(check),
      nowMs: () => performance.now(),
      random: Math.random,
    });
    this.#votes = new Votes((target, healthy, reason) => this.#tellProxy(target, healthy, reason));
  }

  async start(config: TConfig): Promise<void> {
    this.#stopping = new AbortController();
    // Every look under way listens.
    setMaxListeners(0, this.#stopping.signal);
    this.#use(config);
    this.#scheduler.start();
  }

  async apply(next: TConfig, _previous: TConfig): Promise<void> {
    this.#use(next);
    // The proxy may be another one than before.
    this.#votes.repeat();
  }

  listening(): [] {
    return [];
  }

  async stop(): Promise<void> {
    this.#scheduler.stop();
    for (const name of this.#checks.keys()) this.#votes.forget(name);
    this.#checks = new Map();
    this.#sources = new Map();
    this.#stopping.abort();
    await Promise.all(this.#underWay);
  }

  stats(): IHealthStats {
    return {
      checks: [...this.#checks.values()].map((check) => check.status()),
      running: this.#scheduler.running,
      runs: this.#runs,
      failures: this.#failures,
      changes: this.#changes,
      delayed: this.#scheduler.delayed,
    };
  }

  check(name: string): ICheckStatus | undefined {
    return this.#checks.get(name)?.status();
  }

  isUp(name: string): boolean {
    return this.#checks.get(name)?.state !== 'down';
  }

  async run(name: string): Promise<ICheckStatus> {
    const check = this.#checks.get(name);
    if (check === undefined) throw new RangeError(`there is no check '${name}'; 'health.checks' names them`);
    await this.#tracked(check);
    return check.status();
  }

  #use(config: TConfig): void {
    const before = this.#checks;
    const sources = new Map<string, string>();
    const checks = new Map<string, Check>();
    for (const options of checksOf(config)) {
      const source = sourceOf(options, config);
      const known = before.get(options.name);
      const same = known !== undefined && this.#sources.get(options.name) === source;
      checks.set(options.name, same ? known : new Check(options, Date.now(), known));
      sources.set(options.name, source);
    }
    this.#checks = checks;
    this.#sources = sources;
    for (const [name, check] of before) {
      const next = checks.get(name);
      if (next === undefined) this.#votes.forget(name);
      else if (next !== check) this.#cast(next);
    }
    this.#scheduler.concurrency = config.health.concurrency;
    this.#scheduler.set([...checks.values()]);
  }

  async #tracked(check: Check): Promise<void> {
    const run = this.#run(check);
    this.#underWay.add(run);
    await run;
    this.#underWay.delete(run);
  }

  async #run(check: Check): Promise<void> {
    const previous = check.state;
    const failed = await check.run(this.#links.resolver(), Date.now, this.#stopping.signal);
    const { name } = check.options;
    this.#runs += 1;
    if (failed > 0) this.#failures += 1;
    // The configuration may have changed meanwhile: what a check finds out that is gone counts for nothing.
    if (this.#checks.get(name) !== check) return;
    this.#cast(check);
    if (check.state !== previous) this.#changed(check, previous);
  }

  #cast(check: Check): void {
    if (check.options.balances) this.#votes.cast(check.options.name, check.findings());
  }

  #changed(check: Check, previous: THealthState): void {
    const { name, type, target } = check.options;
    const { state: current, reason } = check;
    this.#changes += 1;
    const change: IHealthChange = { check: name, type, target, previous, current, reason };
    this.#context.events.publish('health.changed', { ...change });
    const line = `check ${name} is ${current}`;
    if (current === 'down') this.#context.logger.warn(change, line);
    else this.#context.logger.info(change, line);
    this.#links.onChange();
  }

  #tellProxy(target: string, healthy: boolean, reason: string | null): void {
    try {
      this.#links.proxy()?.setTargetHealth(target, healthy, reason ?? undefined);
    } catch (error) {
      // There is a bound to the targets that have a state; balancing goes on without this one's.
      this.#context.logger.warn({ target, error: (error as Error).message }, 'the proxy does not take a health state');
    }
  }
}

/** Everything that a check is made of: its settings, and the targets of its route. */
function sourceOf({ name, targets }: ICheckOptions, { health }: TConfig): string {
  const named = health.checks.find((check) => check.name === name);
  return JSON.stringify([named ?? health.targets, targets]);
}
