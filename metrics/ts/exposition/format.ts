/** The two text formats. */
export type TFormat = 'text' | 'openmetrics';

/** Content-Type of each format, as the specifications spell them. */
export const contentTypes: Readonly<Record<TFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};
