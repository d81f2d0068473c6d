/** Every code a {@link MetricsError} can carry. Codes are stable; compare these, not messages. */
export type TMetricsErrorCode =
  | 'METRICS_BAD_NAME'
  | 'METRICS_BAD_LABEL_NAME'
  | 'METRICS_BAD_LABELS'
  | 'METRICS_BAD_BUCKETS'
  | 'METRICS_BAD_QUANTILES'
  | 'METRICS_BAD_UNIT'
  | 'METRICS_BAD_VALUE'
  | 'METRICS_BAD_OPTION'
  | 'METRICS_DUPLICATE'
  | 'METRICS_MERGE_MISMATCH';

/** An error of this package: a stable `code`, and a message that names the thing and the remedy. */
export class MetricsError extends Error {
  readonly code: TMetricsErrorCode;

  constructor(code: TMetricsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MetricsError';
    this.code = code;
  }
}
