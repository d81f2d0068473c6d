/**
 * Events that the router's own parts publish, with the meaning of each field. A test holds it against the sources.
 *
 * @module
 */
import type { IHealthChange } from '../health/types.ts';
import type { IEventBus, TEventKind } from './types.ts';

export interface IRouterEventDescription {
  readonly kind: TEventKind;
  /** As it follows on “when”. */
  readonly when: string;
  readonly fields: Readonly<Record<string, string>>;
}

const HEALTH_CHANGED: { readonly [TField in keyof IHealthChange]: string } = {
  check: 'name of the check',
  type: '`tcp`, `http`, `https`, `tls-expiry` or `dns`',
  target: "`host:port`, or `route 'name'`",
  previous: '`unknown`, `up` or `down`',
  current: '`unknown`, `up` or `down`',
  reason: 'why it failed last, null while it succeeds',
};

const by = 'who asked for it';
const version = 'version of the document';

export const ROUTER_EVENTS: readonly IRouterEventDescription[] = [
  {
    kind: 'config.applied',
    when: 'a change serves',
    fields: {
      version,
      revision: 'revision of the shared objects',
      by,
      source: '`file`, `api`, `rollback`, `objects` or `nodes`',
      differences: 'how many values differ',
      paths: 'where, up to a bound',
      effects: 'ports, names, certificates and settings that it changed',
      confirmByMs: 'when it is taken back unless confirmed, Unix time in milliseconds',
    },
  },
  {
    kind: 'config.failed',
    when: 'a change is refused or fails; what served before serves on',
    fields: {
      by,
      source: 'as in `config.applied`',
      outcome: '`refused` or `failed`',
      code: 'of the error',
      message: 'of the error',
    },
  },
  {
    kind: 'config.reverted',
    when: 'a change is taken back as nobody confirmed it',
    fields: { version, now: 'version that serves now', by },
  },
  { kind: 'config.confirmed', when: 'a change is confirmed', fields: { version, by } },
  {
    kind: 'proxy.target-moved',
    when: 'the name of a target leads to other addresses',
    fields: { name: 'the name', endpoints: 'where it leads now: `name`, `addresses`, `port`, `priority`, `weight`' },
  },
  {
    kind: 'proxy.target-unresolved',
    when: 'the name of a target cannot be resolved',
    fields: { name: 'the name', error: 'the message of the error', stale: 'whether an old answer is used meanwhile' },
  },
  {
    kind: 'rule.matched',
    when: 'a rule with the action `log` matches, up to a bound per second',
    fields: {
      rule: 'name of the rule',
      message: 'of its action, where it has one',
      facts: 'what it was asked about, as `rules test` takes it; without secrets',
    },
  },
  { kind: 'health.changed', when: 'the state of a check changes', fields: HEALTH_CHANGED },
];

/** Makes the kinds known before the first of them happens, so that somebody can ask which there are. */
export function declareRouterEvents(events: IEventBus): void {
  for (const { kind } of ROUTER_EVENTS) events.addSource(kind, () => () => {});
}
