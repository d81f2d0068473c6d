/** The two text formats: Prometheus text 0.0.4 and OpenMetrics 1.0.0. */
export type TFormat = 'text' | 'openmetrics';

/** Content-Type of each format, as the specifications spell them. */
export const contentTypes: Readonly<Record<TFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Options of one exposition. */
export interface IExposeOptions {
  /** Default `text` (0.0.4). */
  format?: TFormat;
  /** Write `_created` samples in OpenMetrics. Default true. */
  created?: boolean;
  /** Milliseconds that asynchronous `collect` callbacks have together. Default 5,000. */
  collectTimeoutMs?: number;
  /** Milliseconds the event loop may be held before others get a turn. Default 2. */
  holdMs?: number;
}

/** What can be served on a metrics endpoint: a registry, or the sum of several processes. */
export interface IExposable {
  /** The exposition as UTF-8 slices. */
  exposeSlices(options?: IExposeOptions): AsyncGenerator<Buffer, void, void>;
}
