import { labelBlock } from '../series/labelpage.ts';
import { numberText } from './bytewriter.ts';
import type { TFormat } from './format.ts';

/** One sample of a metric that another library counted. */
export interface IForeignSample {
  /** Sample name with its suffix, such as `x_bucket`. */
  name: string;
  labels: Readonly<Record<string, string | number>>;
  value: number;
}

/** A metric that another library counted. */
export interface IForeignFamily {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown';
  samples: readonly IForeignSample[];
}

/** Something whose metrics are exposed beside a registry's own. */
export interface IForeignSource {
  families(): Promise<readonly IForeignFamily[]> | readonly IForeignFamily[];
}

/** HELP, TYPE and UNIT of a family, in the order and with the escapes of the format. */
export function headLines(family: { name: string; help: string; type: string; unit: string }, format: TFormat): string {
  const { name, unit } = family;
  const help = family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  if (format === 'text') {
    return `# HELP ${name} ${help}\n# TYPE ${name} ${family.type === 'unknown' ? 'untyped' : family.type}\n`;
  }
  const unitLine = unit === '' ? '' : `# UNIT ${name} ${unit}\n`;
  return `# TYPE ${name} ${family.type}\n${unitLine}# HELP ${name} ${help.replaceAll('"', '\\"')}\n`;
}

/** The lines of a foreign family. */
export function* foreignLines(family: IForeignFamily, format: TFormat): Generator<string, void, void> {
  const isOpenCounter = format === 'openmetrics' && family.type === 'counter';
  const name = isOpenCounter ? family.name.replace(/_total$/, '') : family.name;
  yield headLines({ ...family, name, unit: '' }, format);
  for (const sample of family.samples) {
    const names = Object.keys(sample.labels);
    const block = labelBlock(names, (position) => String(sample.labels[names[position]!]));
    const sampleName = isOpenCounter ? `${name}_total` : sample.name;
    yield `${sampleName}${block}${block === '' ? '' : '}'} ${numberText(sample.value)}\n`;
  }
}
