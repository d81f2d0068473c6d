/** Every bound of this package, each with its unit and the reason for its value. */
export const limits = {
  /** Label sets per metric before new ones are counted under `other`; Prometheus itself advises below 100. */
  seriesPerMetric: 1_000,
  /** Bytes of UTF-8 a label value may have; longer ones are cut. Names and hosts fit, a pasted body does not. */
  labelValueBytesMax: 1_024,
  /** Labels per metric; more is a modelling mistake and makes each look-up slower. */
  labelsPerMetricMax: 32,
  /** Buckets per histogram, without `+Inf`: each is a series on the wire. */
  bucketsMax: 256,
  /** Quantiles per summary. */
  quantilesMax: 32,
  /** Requests per minute that a metrics endpoint answers by default: eight scrapers at 4-second intervals. */
  requestsPerMinute: 120,
  /** Expositions that a metrics endpoint writes at once; further requests get 503. */
  expositionsAtOnce: 4,
  /** Milliseconds a client may take to read an exposition before it is cut off. */
  responseTimeoutMs: 30_000,
  /** Share of the scraper's announced time-out that `collect` callbacks may use, the rest is for writing. */
  scrapeTimeoutShare: 0.8,
  /** gzip level: 1 takes half the CPU time of the default and compresses expositions nearly as well. */
  gzipLevel: 1,
  /** Media ranges looked at in one Accept field; Prometheus sends five. */
  acceptRangesMax: 32,
  /** Milliseconds between OTLP pushes by default: what OpenTelemetry's periodic reader uses. */
  pushIntervalMs: 60_000,
  /** Milliseconds an OTLP push may take. */
  pushTimeoutMs: 10_000,
  /** Milliseconds a worker process has to answer with its snapshot before its last one is used. */
  workerTimeoutMs: 1_000,
  /** Milliseconds between snapshots that a worker sends unasked, so that little is lost if it is killed. */
  workerPushMs: 5_000,
  /** Milliseconds between samples of the event loop delay. */
  eventLoopResolutionMs: 20,
  /** Seconds over which a summary's quantiles look back by default: ten minutes, as other clients do. */
  summaryWindowSeconds: 600,
  /** Parts a summary's window moves in: each costs one sketch per series. */
  summaryWindowParts: 5,
  /** Parts a summary's window may have. */
  summaryWindowPartsMax: 60,
  /** Characters of an exemplar's label names and values together (OpenMetrics 1.0 §4.6.1). */
  exemplarCharsMax: 128,
  /** Milliseconds between sweeps for idle label sets that a full metric starts by itself. */
  sweepPauseMs: 1_000,
  /** Bytes of one slice of an exposition: about half a millisecond of work, and one write to the socket. */
  sliceBytes: 65_536,
  /** Milliseconds an exposition may hold the event loop before it lets others run. */
  exposeHoldMs: 2,
  /** Milliseconds all asynchronous `collect` callbacks of one exposition have together. */
  collectTimeoutMs: 5_000,
  /** Seconds a {@link RateMeter} remembers by default: a minute serves every usual window. */
  rateMeterSeconds: 60,
  /** Seconds a {@link RateMeter} may be asked to remember: an hour of 8-byte slots is 29 KB. */
  rateMeterSecondsMax: 3_600,
  /** Entries a {@link TopK} tracks when nothing is said: over-count stays below 0.1 % of the stream. */
  topKCapacity: 1_000,
  /** Entries a {@link TopK} may be asked to track. */
  topKCapacityMax: 1_000_000,
  /** UTF-16 units of a key kept in a sketch or counter map; a DNS name has at most 255, a path could have megabytes. */
  keyCharsMax: 1_024,
  /** Keys a {@link BoundedCounterMap} holds when nothing is said. */
  counterMapKeys: 10_000,
} as const;
