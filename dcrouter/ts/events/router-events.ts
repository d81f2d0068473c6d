/**
 * Events that the router's own parts publish, with the meaning of each field. A test holds it against the sources.
 *
 * @module
 */
import type { TEventKind } from './types.ts';

export interface IRouterEventDescription {
  readonly kind: TEventKind;
  /** As it follows on “when”. */
  readonly when: string;
  readonly fields: Readonly<Record<string, string>>;
}

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
];
