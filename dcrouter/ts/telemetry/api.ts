/**
 * The metrics of the management API.
 *
 * @module
 */
import type { IApiStats } from '../api/sources.ts';
import type { Families } from './families.ts';
import { catchUp } from './fill.ts';

export function registerApiMetrics(families: Families, source: () => { stats(): IApiStats } | null): void {
  const opened = families.counter('dcrouter_api_streams_total', 'Streams of events and logs that were opened.');
  const refused = families.counter('dcrouter_api_streams_refused_total', 'Streams refused because too many were open.');
  const dropped = families.counter(
    'dcrouter_api_stream_messages_dropped_total',
    'Messages that a client of a stream did not get because it read too slowly.',
  );
  const failed = families.counter(
    'dcrouter_api_failed_tokens_total',
    'Requests whose token was wrong, expired or revoked.',
  );
  const limited = families.counter('dcrouter_api_rate_limited_total', 'Requests refused by the rate limits.');
  families.filling('dcrouter_api_streams_open', 'Streams of events and logs that are open now.', (open) => {
    const stats = source()?.stats();
    if (stats === undefined) return;
    const { streams } = stats;
    open.set(streams.open);
    catchUp(opened.labels(), streams.opened);
    catchUp(refused.labels(), streams.refused);
    catchUp(dropped.labels(), streams.dropped);
    catchUp(failed.labels(), stats.failedTokens);
    catchUp(limited.labels(), stats.rateLimited);
  });
}
