// The generated parts of docs/api.md and docs/errors.md.
import { readFileSync } from 'node:fs';
import { PROBLEMS } from '../../ts/api/problems.ts';

export interface IOpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, IOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

export interface IOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: ReadonlyArray<Readonly<Record<string, readonly string[]>>>;
  readonly parameters?: ReadonlyArray<{ readonly name: string; readonly in: string; readonly required?: boolean }>;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: object }>>;
}

const path = (name: string): string => new URL(`../../docs/${name}`, import.meta.url).pathname;
export const apiPage = path('api.md');
export const errorsPage = path('errors.md');

const BEGIN = '<!-- generated: UPDATE_DOCS=1 npm test -- api/test.documents -->';
const END = '<!-- end of what is generated -->';

/** A page with its generated part made anew. */
export function withGenerated(file: string, generated: string): string {
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has no place for what is generated`);
  return `${before}${BEGIN}\n\n${generated}\n${END}${after}`;
}

export function operationsOf({
  paths,
}: IOpenApi): Array<IOperation & { readonly method: string; readonly path: string }> {
  return Object.entries(paths).flatMap(([at, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path: at })),
  );
}

export function endpointTable(document: IOpenApi): string {
  const rows = operationsOf(document).map(({ method, path: at, parameters = [], security, summary }) => {
    const query = parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name);
    const shown = query.length === 0 ? at : `${at}?${query.map((name) => `${name}=`).join('&')}`;
    return [`\`${method} ${shown}\``, security[0]?.['token']?.map((scope) => `\`${scope}\``).join() ?? 'none', summary];
  });
  return table(['endpoint', 'scope', 'what'], rows);
}

export function errorTable(): string {
  const rows = Object.entries(PROBLEMS)
    .toSorted(([a, [statusA]], [b, [statusB]]) => statusA - statusB || (a < b ? -1 : 1))
    .map(([code, [status, title]]) => [`\`${code}\``, String(status), title]);
  return table(['code', 'status', 'what'], rows);
}

/** As prettier writes it. */
function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((title, at) => Math.max(title.length, 3, ...rows.map((row) => row[at]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n') + '\n';
}
