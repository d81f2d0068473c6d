/**
 * The reference of every setting, as a page.
 *
 * @module
 */
import type { z } from 'zod';
import { plainJsonSchema, type IJsonSchema } from './json-schema.ts';
import { branchesOf, definition, metaOf } from './schema-walk.ts';
import { configSchema } from './schema/index.ts';

/** A group of settings, told once however often it stands in the document. */
export interface ISettingGroup {
  /** Where it stands: `proxy.routes[].action.tls`, `dns.zones.<name>`. */
  readonly places: string[];
  readonly settings: ISetting[];
}

export interface ISetting {
  readonly name: string;
  readonly type: string;
  /** As it is written; undefined when there is none. */
  readonly default: string | undefined;
  readonly required: boolean;
  readonly meaning: string;
}

/** Every group of the configuration, in the order in which a reader meets it. */
export function settingGroups(): ISettingGroup[] {
  const groups = new Map<unknown, ISettingGroup>();
  visit(configSchema, '', groups);
  return [...groups.values()];
}

function visit(schema: unknown, place: string, groups: Map<unknown, ISettingGroup>): void {
  for (const branch of branchesOf(schema)) {
    const { type, shape, element, valueType } = definition(branch);
    if (type === 'array') visit(element, `${place}[]`, groups);
    else if (type === 'record') visit(valueType, `${place}.<name>`, groups);
    if (shape === undefined) continue;
    const known = groups.get(branch);
    if (known !== undefined) {
      if (!known.places.includes(place)) known.places.push(place);
      continue;
    }
    const settings = Object.entries(shape).map(([name, inner]) => settingOf(name, inner as z.ZodType));
    groups.set(branch, { places: [place], settings });
    for (const [name, inner] of Object.entries(shape)) visit(inner, place === '' ? name : `${place}.${name}`, groups);
  }
}

function settingOf(name: string, schema: z.ZodType): ISetting {
  const json = plainJsonSchema(schema);
  const { description = '', instead, secret } = metaOf(schema);
  const notes = [description, secret === true ? 'Secret.' : '', instead === undefined ? '' : `Deprecated: ${instead}.`];
  const given = name === 'name' && description === '' ? undefined : json['default'];
  return {
    name,
    type: typeOf(json),
    default: given === undefined || isEmpty(given) ? undefined : JSON.stringify(given),
    required: !schema.safeParse(undefined).success,
    meaning: notes.filter((note) => note !== '').join(' '),
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Kinds that would fill a table's cell are told in words. */
const WORDS_MAX = 12;

function typeOf(json: IJsonSchema): string {
  const choices = (json['anyOf'] ?? json['oneOf']) as IJsonSchema[] | undefined;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' or ');
  // Groups that stand in several places.
  if (json['$ref'] !== undefined) return 'group';
  if (json['const'] !== undefined) return `\`${String(json['const'])}\``;
  const words = json['enum'] as unknown[] | undefined;
  if (words !== undefined) {
    return words.length > WORDS_MAX ? 'a word' : words.map((word) => `\`${String(word)}\``).join(', ');
  }
  switch (json['type']) {
    case 'integer':
    case 'number':
      return `${json['type'] === 'integer' ? 'whole number' : 'number'}${rangeOf(json)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'text';
    case 'array':
      return `list of ${typeOf(json['items'] as IJsonSchema)}`;
    case 'object':
      return json['properties'] === undefined ? 'group by name' : 'group';
    default:
      return 'anything';
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: IJsonSchema): string {
  if (exclusiveMinimum !== undefined) return ` above ${String(exclusiveMinimum)}`;
  if (minimum === undefined) return '';
  return maximum === undefined ? ` from ${String(minimum)}` : ` ${String(minimum)}–${String(maximum)}`;
}

const HEAD = `# Configuration

Every setting of a DcRouter document, made from its schema. Documents are YAML or JSON. \`dcrouter check\` validates one;
[dcrouter.schema.json](../dcrouter/schema/dcrouter.schema.json) lets editors complete and check it:

\`\`\`yaml
# yaml-language-server: $schema=./dcrouter.schema.json
\`\`\`

- \`\${NAME}\` and \`\${NAME:-default}\` take a value from the environment; \`$\${\` stands for itself.
- \`DCROUTER__PROXY__DRAINTIMEOUTMS=5000\` sets one setting from outside: its path with \`__\` between the parts, in any
  letter case. List items go by their \`name\` or position, with \`_\` for characters that a variable cannot have.
- \`{ fromFile: path }\` stands for any text that is kept in a file of its own, a final line break left out.
- \`include\` names further files. Groups are merged, lists of named things joined; a setting that two files make is an
  error.
- Names of files are relative to the file that names them.

**Bold** settings are needed where their group stands.
`;

/** The reference as Markdown. */
export function configReference(): string {
  return [HEAD, ...settingGroups().map(groupText)].join('\n');
}

function groupText({ places, settings }: ISettingGroup): string {
  const [first = '', ...others] = places;
  const title = first === '' ? 'The document' : `\`${first}\``;
  const also = others.length === 0 ? [] : [`Also at ${others.map((place) => `\`${place}\``).join(', ')}.`, ''];
  const rows = settings.map(
    ({ name, type, default: given, required, meaning }) =>
      `| ${required ? `**${name}**` : name} | ${cell(type)} | ${given === undefined ? '' : `\`${cell(given)}\``} | ${cell(meaning)} |`,
  );
  return [`## ${title}`, '', ...also, '| setting | type | default | meaning |', '|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
