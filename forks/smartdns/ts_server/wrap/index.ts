/**
 * Counting for people who stay on stock upstream.
 *
 * @module
 */
export { MetricsAwareDns } from './metricsawaredns.ts';
export type {
  IStockDnsServer,
  TStockHandler,
  IStockQueryEvent,
  IWrappedDnsEvents,
  IWrappedQueryAnsweredEvent,
  IWrappedQueryErrorEvent,
  IWrappedQueryReceivedEvent,
  TWrappedDnsSource,
} from './interfaces.ts';
export type { IWrappedDnsStats } from './wrappedstats.ts';
