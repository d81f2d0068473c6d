/**
 * The router's log: lines, access lines, where they go, and what can be changed about them while it runs.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { SmartProxy } from '@dcrouter/smartproxy';
import { logDnsEvents, logProxyEvents, type IAccessSink } from './access.ts';
import { createLogger, prettyLine, type TLogger } from './logger.ts';
import { LogOutput, outputCounts, type IOutputStats } from './output.ts';
import { redacted } from './redact.ts';
import { accessSettings, type IAccessSettings, type TLoggingConfig } from './settings.ts';
import { LogTail, type ITailStats } from './tail.ts';
import { Warnings } from './warnings.ts';

export interface ILogStats {
  readonly outputs: { readonly log: IOutputStats; readonly access: IOutputStats };
  /** Access lines left out by sampling. */
  readonly sampledOut: number;
  /** Warnings left out as equal ones had just been written; they are told as one line with their number. */
  readonly suppressed: number;
  readonly tail: ITailStats;
}

export interface ILogsOptions {
  /** Takes the lines instead of a logger made from the configuration. */
  readonly logger?: TLogger;
  /** In [0, 1), for sampling; default `Math.random`. */
  readonly random?: () => number;
}

export class Logs {
  readonly logger: TLogger;
  /** The newest lines of log and access log, as JSON. */
  readonly tail = new LogTail();
  readonly #ownsLogger: boolean;
  readonly #accessLogger: TLogger;
  readonly #random: () => number;
  readonly #warnings = new Warnings({ write: (fields, message) => this.logger.warn(fields, message) });
  /** What subscribes to each fork again when access lines change, with the way out of the present subscription. */
  readonly #subscriptions = new Map<() => () => void, () => void>();
  #config: TLoggingConfig;
  #access: IAccessSettings | null;
  #hidden: ReadonlySet<string>;
  #output: LogOutput;
  #accessOutput: LogOutput | null;
  #sampledOut = 0;
  /** Outputs come and go; what they counted stays. */
  readonly #counts = { log: outputCounts(), access: outputCounts() };
  readonly #sink: IAccessSink = this.#makeSink();

  constructor(config: TLoggingConfig, options: ILogsOptions = {}) {
    this.#config = config;
    this.#random = options.random ?? Math.random;
    this.#access = accessSettings(config);
    this.#hidden = new Set(config.redact);
    this.#output = new LogOutput(config.file, this.#counts.log);
    this.#accessOutput = this.#accessOutputOf(this.#access);
    const edit = (fields: Record<string, unknown>): Record<string, unknown> =>
      this.#hidden.size === 0 ? fields : redacted(fields, this.#config.redact);
    this.#ownsLogger = options.logger === undefined;
    const destination = { write: (line: string) => this.#write(line) };
    this.logger = options.logger ?? createLogger({ level: config.level, format: 'json', destination, edit });
    this.#accessLogger = createLogger({
      level: 'info',
      format: 'json',
      destination: { write: (line) => this.#writeAccess(line) },
      edit,
    });
  }

  /** Opens the files. @throws the system's error when one cannot be opened */
  open(): void {
    this.#output.open();
    this.#accessOutput?.open();
  }

  /** Logs what the proxy tells, until the returned function is called. */
  attachProxy(proxy: SmartProxy): () => void {
    return this.#attach(() => logProxyEvents(proxy, this.#sink, this.#warnings));
  }

  /** The same for the DNS server. */
  attachDns(dns: DnsServer): () => void {
    return this.#attach(() => logDnsEvents(dns, this.#sink, this.#warnings));
  }

  /**
   * Goes over to other settings; every one of them takes effect at once. Nothing changes when a file cannot be opened.
   *
   * @throws the system's error when a file cannot be opened
   */
  async apply(next: TLoggingConfig): Promise<void> {
    const access = accessSettings(next);
    const output = next.file === this.#config.file ? this.#output : new LogOutput(next.file, this.#counts.log);
    const accessOutput = access?.file === this.#accessOutput?.file ? this.#accessOutput : this.#accessOutputOf(access);
    output.open();
    try {
      accessOutput?.open();
    } catch (error) {
      if (output !== this.#output) await output.close();
      throw error;
    }
    const [goneOutput, goneAccess] = [this.#output, this.#accessOutput];
    this.#output = output;
    this.#accessOutput = accessOutput;
    this.#config = next;
    this.#access = access;
    this.#hidden = new Set(next.redact);
    if (this.#ownsLogger) this.logger.level = next.level;
    for (const [subscribe, unsubscribe] of this.#subscriptions) {
      unsubscribe();
      this.#subscriptions.set(subscribe, subscribe());
    }
    if (goneOutput !== output) await goneOutput.close();
    if (goneAccess !== accessOutput) await goneAccess?.close();
  }

  /** Opens the files by their names anew, after something moved them away. No line is lost. */
  async reopen(): Promise<void> {
    await Promise.all([this.#output.reopen(), this.#accessOutput?.reopen()]);
  }

  stats(): ILogStats {
    return {
      outputs: {
        log: this.#output.stats(),
        access: this.#accessOutput?.stats() ?? { ...this.#counts.access, waiting: 0 },
      },
      sampledOut: this.#sampledOut,
      suppressed: this.#warnings.suppressed,
      tail: this.tail.stats(),
    };
  }

  /** Writes what waits and closes the files; a later line opens them again. */
  async close(): Promise<void> {
    this.#warnings.close();
    await this.#output.close();
    await this.#accessOutput?.close();
  }

  #accessOutputOf(access: IAccessSettings | null): LogOutput | null {
    return access?.file === undefined ? null : new LogOutput(access.file, this.#counts.access);
  }

  #attach(subscribe: () => () => void): () => void {
    this.#subscriptions.set(subscribe, subscribe());
    return () => {
      this.#subscriptions.get(subscribe)?.();
      this.#subscriptions.delete(subscribe);
    };
  }

  #write(line: string): void {
    this.tail.write(line);
    this.#output.write(this.#config.format === 'pretty' ? prettyLine(line) : line);
  }

  #writeAccess(line: string): void {
    this.tail.write(line);
    (this.#accessOutput ?? this.#output).write(line);
  }

  #makeSink(): IAccessSink {
    // Read through functions: the settings change while subscriptions stay.
    const settings = (): IAccessSettings | null => this.#access;
    const hidden = (): ReadonlySet<string> => this.#hidden;
    return {
      get settings() {
        return settings();
      },
      get hidden() {
        return hidden();
      },
      json: (fields, message, inLog) => {
        const logger = inLog || this.#accessOutput === null ? this.logger : this.#accessLogger;
        logger.info(fields, message);
      },
      text: (line) => {
        this.tail.write(tailLine(line));
        (this.#accessOutput ?? this.#output).write(line);
      },
      keeps: (failed) => {
        const sample = this.#access?.sample ?? 1;
        if (failed || sample >= 1 || this.#random() < sample) return true;
        this.#sampledOut += 1;
        return false;
      },
    };
  }
}

/** A line of text as the tail keeps it. */
function tailLine(line: string): string {
  return `${JSON.stringify({ level: 'info', time: new Date().toISOString(), msg: 'request', line: line.trimEnd() })}\n`;
}
