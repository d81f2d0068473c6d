/**
 * The metrics of the event stream.
 *
 * @module
 */
import type { IEventStats } from '../events/types.ts';
import type { Families } from './families.ts';
import { catchUpAll } from './fill.ts';

export function registerEventMetrics(families: Families, source: () => { stats(): IEventStats } | null): void {
  const delivered = families.counter(
    'dcrouter_events_total',
    'Events made for somebody who listened, by kind; those that nobody listens to are not made.',
    'kind',
  );
  families.filling('dcrouter_event_listeners', 'Listeners on the event stream now.', (listeners) => {
    const stats = source()?.stats();
    if (stats === undefined) return;
    listeners.set(stats.listeners);
    catchUpAll(delivered, stats.delivered);
  });
}
