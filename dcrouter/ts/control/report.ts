/**
 * How a change ended, told to everybody who wants to know: counters, events, log lines, the audit.
 *
 * @module
 */
import type { IEventBus } from '../events/types.ts';
import type { TLogger } from '../log/logger.ts';
import type { IAuditEntry, IStore, TJson } from '../store/types.ts';
import type { IClock } from './clock.ts';
import { NAMED_PATHS_MAX } from './limits.ts';
import { ControlCounters, type TChangeOutcome, type TChangeSource } from './stats.ts';
import type { IApplied, IPlan } from './types.ts';

const EVENT_KINDS = ['config.applied', 'config.confirmed', 'config.failed', 'config.reverted'] as const;

/** A change that is under way. */
export interface IChange {
  readonly source: TChangeSource;
  readonly by: string;
  readonly startedAtMs: number;
}

export class Reporter {
  readonly counters = new ControlCounters();
  readonly #events: IEventBus;
  readonly #logger: TLogger;
  readonly #clock: IClock;
  #lastOfNodes: string | undefined;

  constructor(events: IEventBus, logger: TLogger, clock: IClock) {
    this.#events = events;
    this.#logger = logger;
    this.#clock = clock;
    // Known before the first one happens, so that somebody can ask which there are.
    for (const kind of EVENT_KINDS) events.addSource(kind, () => () => {});
  }

  begin(source: TChangeSource, by: string): IChange {
    return { source, by, startedAtMs: this.#clock.nowMs() };
  }

  applied(change: IChange, { snapshot, plan, confirmByMs }: IApplied): void {
    this.#count(change, 'applied');
    if (change.source === 'nodes') this.#lastOfNodes = undefined;
    const { version, revision } = snapshot;
    const fields = { version, revision, by: change.by, source: change.source, differences: plan.differences.length };
    this.#logger.info({ ...fields, ...(confirmByMs !== undefined && { confirmByMs }) }, 'configuration applied');
    const { warnings: _, ...effects } = plan.effects;
    this.#events.publish('config.applied', {
      ...fields,
      paths: pathsOf(plan),
      effects,
      ...(confirmByMs !== undefined && { confirmByMs }),
    });
  }

  unchanged(change: IChange): void {
    this.#count(change, 'unchanged');
    this.#logger.info({ by: change.by, source: change.source }, 'configuration unchanged');
  }

  failed(change: IChange, outcome: 'refused' | 'failed', error: unknown): void {
    this.#count(change, outcome);
    const fields = { by: change.by, source: change.source, outcome, code: codeOf(error), message: messageOf(error) };
    const { message, ...others } = fields;
    // What is tried again by itself fails the same way again; one line for it is enough.
    const repeated = change.source === 'nodes' && message === this.#lastOfNodes;
    if (change.source === 'nodes') this.#lastOfNodes = message;
    this.#logger[repeated ? 'debug' : 'error'](
      { ...others, error: message },
      'configuration not applied; what served before serves on',
    );
    this.#events.publish('config.failed', fields);
  }

  reverted(version: number, now: number, by: string): void {
    this.counters.reverted += 1;
    this.#logger.warn({ version, now, by }, 'configuration taken back: nobody confirmed it in time');
    this.#events.publish('config.reverted', { version, now, by });
  }

  confirmed(version: number, by: string): void {
    this.counters.confirmed += 1;
    this.#logger.info({ version, by }, 'configuration confirmed');
    this.#events.publish('config.confirmed', { version, by });
  }

  /** Something went wrong beside a change and is tried again; it is told, and nothing else changes. */
  warn(message: string, error: unknown): void {
    this.#logger.warn({ code: codeOf(error), error: messageOf(error) }, message);
  }

  info(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#logger.info(fields, message);
  }

  /** An entry that cannot be written is told in the log, so that it stands somewhere. */
  async audit(store: IStore, entry: Omit<IAuditEntry, 'id' | 'atMs' | 'node'>): Promise<void> {
    await store.audit.append(entry).catch((error: unknown) => {
      this.#logger.error({ entry, error: messageOf(error) }, 'audit entry not kept');
    });
  }

  #count(change: IChange, outcome: TChangeOutcome): void {
    const now = this.#clock.nowMs();
    this.counters.ended(change.source, outcome, now, now - change.startedAtMs);
  }
}

/** What an audit entry tells of a plan: the places, never the values, among which may be secrets. */
export function planDetail({ differences }: IPlan, comment = ''): { readonly [key: string]: TJson } {
  return { differences: differences.length, paths: pathsOf({ differences }), ...(comment !== '' && { comment }) };
}

function pathsOf({ differences }: Pick<IPlan, 'differences'>): string[] {
  return differences.slice(0, NAMED_PATHS_MAX).map(({ path }) => path);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : 'DCR_INTERNAL';
}
