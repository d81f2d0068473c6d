import { limits } from '../limits/limits.ts';
import { escapeLabelValue } from '../series/labelpage.ts';

/** Labels of an exemplar, usually a trace id. Names and values together may have 128 characters. */
export type TExemplarLabels = Readonly<Record<string, string>>;

/** One remembered observation. */
export interface IExemplar {
  labels: TExemplarLabels;
  value: number;
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * The last exemplar of each line of a metric (a counter's series, a histogram's bucket). Bounded by the number of
 * lines. Without timestamps: the scraper's own is as good, and none has to be read while counting.
 */
export class ExemplarStore {
  /** Exemplars refused: a bad label name, or more than 128 characters (OpenMetrics 1.0 §4.6.1). */
  rejected = 0;
  readonly #byLine = new Map<number, IExemplar>();
  readonly #linesPerSeries: number;

  constructor(linesPerSeries: number) {
    this.#linesPerSeries = linesPerSeries;
  }

  get isEmpty(): boolean {
    return this.#byLine.size === 0;
  }

  /** Remembers an observation; `series` is -1 for a handle whose series was removed. */
  keep(series: number, line: number, labels: TExemplarLabels, value: number): void {
    if (series < 0) return;
    if (isAllowed(labels)) this.#byLine.set(series * this.#linesPerSeries + line, { labels: { ...labels }, value });
    else this.rejected += 1;
  }

  get(series: number, line: number): IExemplar | undefined {
    return this.#byLine.get(series * this.#linesPerSeries + line);
  }

  /** Forgets the exemplars of one series. */
  forget(series: number): void {
    for (let line = 0; line < this.#linesPerSeries; line += 1) {
      this.#byLine.delete(series * this.#linesPerSeries + line);
    }
  }

  clear(): void {
    this.#byLine.clear();
  }
}

function isAllowed(labels: TExemplarLabels): boolean {
  let text = '';
  for (const [name, value] of Object.entries(labels)) {
    if (!LABEL_NAME.test(name) || typeof value !== 'string') return false;
    text += name + value;
  }
  // There are never more characters than UTF-16 units, nor fewer than half as many.
  if (text.length <= limits.exemplarCharsMax) return true;
  return text.length <= limits.exemplarCharsMax * 2 && Array.from(text).length <= limits.exemplarCharsMax;
}

/** What follows a sample: ` # {trace_id="…"} value`, without the value. */
export function exemplarPrefix(labels: TExemplarLabels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabelValue(value)}"`);
  return ` # {${parts.join(',')}} `;
}
