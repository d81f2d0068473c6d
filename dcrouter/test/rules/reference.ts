/** Makes the tables of `docs/rules.md` out of the code, so that what users read is what the engine knows. */
import { FIELDS, FUNCTIONS, type IField } from '../../ts/rules/lang/fields.ts';
import { stageNames } from '../../ts/rules/stages.ts';

function typeOf({ type, form }: IField): string {
  if (type === 'date') return 'day';
  if (typeof form === 'object') return form.oneOf.map((value) => `"${value}"`).join(' ');
  if (form === 'host') return 'text: name';
  if (form === 'path') return 'text: path';
  return type;
}

export function fieldTable(): string {
  const rows = Object.entries(FIELDS).map(([name, field]) => {
    const stages = stageNames(field.stages);
    return `| \`${name}\` | ${typeOf(field)} | ${stages.length === 4 ? 'all' : stages.join(', ')} | ${field.meaning} |`;
  });
  return ['| field | type | known at | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

export function functionTable(): string {
  const rows = Object.values(FUNCTIONS).map(
    ({ signature, type, meaning }) => `| \`${signature}\` | ${type} | ${meaning} |`,
  );
  return ['| function | gives | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** The document with its tables made anew. */
export function withTables(document: string): string {
  return replaced(replaced(document, 'fields', fieldTable()), 'functions', functionTable());
}

function replaced(document: string, name: string, table: string): string {
  const pattern = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!pattern.test(document)) throw new Error(`docs/rules.md has no place for ${name}`);
  return document.replace(pattern, (_, open: string, close: string) => `${open}\n${table}\n\n${close}`);
}
