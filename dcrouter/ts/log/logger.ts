/**
 * Structured log lines: one JSON object per line, or the same fields in a form for people.
 *
 * @module
 */
import { pino, type DestinationStream, type Logger } from 'pino';

export type TLogger = Logger;

export interface ILoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output unless told otherwise. */
  readonly destination?: DestinationStream;
  /** Called with the fields of each line; what it returns is written. */
  readonly edit?: (fields: Record<string, unknown>) => Record<string, unknown>;
}

export function createLogger(options: ILoggerOptions): TLogger {
  const output = options.destination ?? pino.destination({ dest: 1, sync: false });
  const stream = options.format === 'json' ? output : prettyStream(output);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), ...(options.edit && { log: options.edit }) },
    },
    stream,
  );
}

function prettyStream(output: DestinationStream): DestinationStream {
  return { write: (line) => output.write(prettyLine(line)) };
}

/** `12:34:56.789 info  message  key=value …` */
export function prettyLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: string; time: string; msg?: string } & Record<
    string,
    unknown
  >;
  const pairs = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${msg ?? ''}${pairs.length > 0 ? '  ' : ''}${pairs.join(' ')}\n`;
}
