// A strict reader of text 0.0.4 and OpenMetrics 1.0, written from the specifications and not from the writer.

export interface ISample {
  name: string;
  labels: Record<string, string>;
  value: number;
  exemplar?: { labels: Record<string, string>; value: number };
}

export interface IFamily {
  name: string;
  type: string;
  help: string;
  unit?: string;
  samples: ISample[];
}

const SUFFIXES: Record<string, readonly string[]> = {
  text_counter: [''],
  openmetrics_counter: ['_total', '_created'],
  text_gauge: [''],
  openmetrics_gauge: [''],
  text_histogram: ['_bucket', '_sum', '_count'],
  openmetrics_histogram: ['_bucket', '_sum', '_count', '_created'],
  text_summary: ['', '_sum', '_count'],
  openmetrics_summary: ['', '_sum', '_count', '_created'],
};

class LineReader {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  get done(): boolean {
    return this.#at === this.#line.length;
  }

  take(pattern: RegExp, what: string): string {
    const found = new RegExp(pattern.source, 'uy');
    found.lastIndex = this.#at;
    const match = found.exec(this.#line);
    if (match === null) throw new Error(`no ${what} at ${this.#at} in: ${this.#line}`);
    this.#at += match[0].length;
    return match[0];
  }

  has(text: string): boolean {
    if (!this.#line.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  quoted(): string {
    this.take(/"/, 'opening quote');
    let text = '';
    while (!this.has('"')) {
      if (this.has('\\')) {
        const escaped = this.take(/[\\"n]/, 'known escape');
        text += escaped === 'n' ? '\n' : escaped;
      } else {
        text += this.take(/[^\\"\n]/, 'character of a label value');
      }
    }
    return text;
  }

  labels(): Record<string, string> {
    const labels: Record<string, string> = {};
    if (!this.has('{')) return labels;
    for (;;) {
      const name = this.take(/[a-zA-Z_][a-zA-Z0-9_]*/, 'label name');
      this.take(/=/, '=');
      if (name in labels) throw new Error(`label ${name} twice`);
      labels[name] = this.quoted();
      if (this.has('}')) return labels;
      this.take(/,/, 'comma');
    }
  }

  number(): number {
    const text = this.take(/[^ ]+/, 'number');
    if (text === '+Inf') return Infinity;
    if (text === '-Inf') return -Infinity;
    if (text === 'NaN') return NaN;
    if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) throw new Error(`not a number: ${text}`);
    return Number(text);
  }
}

/** The same text for the same labels in whatever order. */
function identityOf(labels: Record<string, string>): string {
  return Object.keys(labels)
    .sort((one, other) => (one < other ? -1 : 1))
    .map((name) => ` ${name}=${JSON.stringify(labels[name])}`)
    .join('');
}

/** Reads an exposition; throws where it breaks a rule. */
export function parseExposition(text: string, format: 'text' | 'openmetrics'): Map<string, IFamily> {
  if (!text.endsWith('\n') && text !== '') throw new Error('no line feed at the end');
  const lines = text.split('\n').slice(0, -1);
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF at the end');
  const families = new Map<string, IFamily>();
  const seen = new Set<string>();
  let family: IFamily | undefined;
  for (const line of lines) {
    if (line.startsWith('# ')) {
      const [, keyword = '', name = '', rest = ''] = /^# (TYPE|HELP|UNIT) (\S+) (.*)$/su.exec(line) ?? [];
      if (keyword === '') throw new Error(`unknown comment: ${line}`);
      if (family?.name !== name) {
        if (families.has(name)) throw new Error(`family ${name} is interleaved`);
        family = { name, type: '', help: '', samples: [] };
        families.set(name, family);
      }
      if (family.samples.length > 0) throw new Error(`${keyword} of ${name} after its samples`);
      if (keyword === 'TYPE') family.type = rest;
      else if (keyword === 'HELP') family.help = rest;
      else family.unit = rest;
    } else {
      if (family === undefined) throw new Error(`sample before any family: ${line}`);
      const sample = readSample(line, family, format);
      const identity = sample.name + identityOf(sample.labels);
      if (seen.has(identity)) throw new Error(`series twice: ${identity}`);
      seen.add(identity);
      family.samples.push(sample);
    }
  }
  return families;
}

function readSample(line: string, family: IFamily, format: string): ISample {
  const reader = new LineReader(line);
  const name = reader.take(/[a-zA-Z_:][a-zA-Z0-9_:]*/, 'sample name');
  const suffixes = SUFFIXES[`${format}_${family.type}`] ?? [''];
  if (!suffixes.some((suffix) => name === family.name + suffix)) {
    throw new Error(`${name} does not belong to ${family.type} ${family.name}`);
  }
  const labels = reader.labels();
  reader.take(/ /, 'space');
  const sample: ISample = { name, labels, value: reader.number() };
  if (!reader.done) {
    if (format === 'text') throw new Error(`something after the value: ${line}`);
    reader.take(/ # /, 'exemplar mark');
    const exemplarLabels = reader.labels();
    reader.take(/ /, 'space');
    sample.exemplar = { labels: exemplarLabels, value: reader.number() };
    if (!reader.done) throw new Error(`something after the exemplar: ${line}`);
  }
  return sample;
}

/** Value of one sample; throws when there is none. */
export function valueOf(families: Map<string, IFamily>, name: string, labels: Record<string, string> = {}): number {
  const wanted = identityOf(labels);
  for (const family of families.values()) {
    for (const sample of family.samples) {
      if (sample.name === name && identityOf(sample.labels) === wanted) return sample.value;
    }
  }
  throw new Error(`no sample ${name} ${wanted}`);
}
