/**
 * Counting for people who stay on stock upstream.
 *
 * @module
 */
export { MetricsAwareProxy } from './metricsawareproxy.ts';
export type { IStockMetrics, IStockRoute, IStockSmartProxy, IWrappedProxyEvents, TStockPorts } from './interfaces.ts';
