/**
 * The forks as sources of the event stream. A fork's event is listened to only while somebody listens to it here.
 *
 * @module
 */
import type { EventEmitter } from 'node:events';
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { SmartProxy } from '@dcrouter/smartproxy';
import { DNS_EVENTS, PROXY_EVENTS } from './catalogue.ts';
import type { IEventBus, TEventKind } from './types.ts';

type TData = Readonly<Record<string, unknown>>;

/** Makes the proxy's events known; the returned function takes them away again. */
export function addProxyEvents(events: IEventBus, proxy: SmartProxy): () => void {
  return addEvents(events, proxy as unknown as EventEmitter, PROXY_EVENTS);
}

/** The same for the DNS server. */
export function addDnsEvents(events: IEventBus, dns: DnsServer): () => void {
  return addEvents(events, dns as unknown as EventEmitter, DNS_EVENTS);
}

function addEvents(
  events: IEventBus,
  emitter: EventEmitter,
  catalogue: Readonly<Record<string, { readonly kind: TEventKind }>>,
): () => void {
  const undo = Object.entries(catalogue).map(([name, { kind }]) =>
    events.addSource(kind, (emit) => {
      const listener = (payload: object): void => emit(plain(payload));
      emitter.on(name, listener);
      return () => emitter.off(name, listener);
    }),
  );
  return () => {
    for (const each of undo) each();
  };
}

/** A payload as JSON has it: dates as ISO 8601, nothing undefined. Payloads are flat but for lists of plain objects. */
function plain(payload: object): TData {
  const data: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (value instanceof Date) data[name] = value.toISOString();
    else if (value !== undefined) data[name] = value;
  }
  return Object.freeze(data);
}
