/**
 * From a file to a validated configuration.
 *
 * @module
 */
import { zoneComplaints } from '../dns/zones.ts';
import { healthComplaints } from '../health/config.ts';
import type { IStoredObject } from '../store/types.ts';
import type { IConfigDocument } from './document.ts';
import { ConfigError, type IConfigProblem } from './error.ts';
import { layObjects, objectName } from './overlay.ts';
import { explain, problemAt } from './problems.ts';
import { readConfigDocument } from './read.ts';
import { outdated } from './outdated.ts';
import { routeComplaints } from './routes.ts';
import { configSchema, type TConfig } from './schema/index.ts';

/**
 * Reads and validates a configuration file, with what it includes and names.
 *
 * @throws ConfigError when a file cannot be read, is not YAML or JSON, or does not fit the schema.
 */
export async function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env): Promise<TConfig> {
  return validateConfig(await readConfigDocument(file, env));
}

/** What is to be said about a document. */
export interface IInspection {
  /** Undefined when there are problems. */
  readonly config: TConfig | undefined;
  readonly problems: readonly IConfigProblem[];
  /** What works and should be looked at: settings that have a newer spelling, secrets that everybody can read. */
  readonly warnings: readonly IConfigProblem[];
}

/** Validates a document and tells everything about it at once. */
export function inspectConfig(document: IConfigDocument): IInspection {
  const result = configSchema.safeParse(document.value ?? {});
  const problems = result.success
    ? checkMeaning(result.data, document)
    : result.error.issues.flatMap((issue) => explain(issue, document));
  const warnings = [...(document.warnings ?? []), ...outdated(document)];
  return { config: problems.length > 0 ? undefined : result.data, problems, warnings };
}

/** @throws ConfigError with one problem per value that does not fit. */
export function validateConfig(document: IConfigDocument): TConfig {
  const { config, problems } = inspectConfig(document);
  if (config === undefined) throw new ConfigError(problems);
  return config;
}

/**
 * The document with shared objects laid over it, validated as a whole. What is wrong with an object is told as
 * `object route 'name'` in the place of the file, with the path inside the object.
 *
 * @throws ConfigError
 */
export function validateWithObjects(document: IConfigDocument, objects: readonly IStoredObject[]): TConfig {
  const { config, problems } = inspectWithObjects(document, objects);
  if (config === undefined) throw new ConfigError(problems);
  return config;
}

/** The same, told rather than thrown. */
export function inspectWithObjects(document: IConfigDocument, objects: readonly IStoredObject[]): IInspection {
  const laid = layObjects(document.value, objects);
  if (laid.problems.length > 0) return { config: undefined, problems: laid.problems, warnings: [] };
  return inspectConfig({
    ...document,
    value: laid.value,
    locate: (path) => {
      const origin = laid.originOf(path);
      return origin === undefined ? document.locate(path) : { file: objectName(origin), path: origin.path };
    },
  });
}

/** What fits the schema and still cannot work. */
function checkMeaning(config: TConfig, document: IConfigDocument): IConfigProblem[] {
  const duplicates = duplicateNames(config, document);
  if (duplicates.length > 0) return duplicates;
  const problems = routeComplaints(config.proxy?.routes ?? []).map(({ path, message }) =>
    problemAt(document, ['proxy', 'routes', ...path], message),
  );
  config.proxy?.routes.forEach((route, index) => {
    if (route.action.tls?.certificate !== 'auto' || config.proxy?.acme !== undefined) return;
    const path = ['proxy', 'routes', index, 'action', 'tls', 'certificate'];
    problems.push(problemAt(document, path, "got 'auto', which needs proxy.acme with at least an email"));
  });
  for (const [name, zone] of Object.entries(config.dns?.zones ?? {})) {
    for (const { line, message } of zoneComplaints(name, zone)) {
      const where = line === undefined ? '' : `${zone.file ?? 'text'}:${line}: `;
      problems.push(problemAt(document, ['dns', 'zones', name], `${where}${message}`));
    }
  }
  for (const { path, message } of healthComplaints(config)) problems.push(problemAt(document, path, message));
  return problems;
}

/** Route names key the counters: two routes under one name would be counted as one. */
function duplicateNames(config: TConfig, document: IConfigDocument): IConfigProblem[] {
  const first = new Map<string, number>();
  const problems: IConfigProblem[] = [];
  config.proxy?.routes.forEach((route, index) => {
    const earlier = first.get(route.name);
    if (earlier === undefined) first.set(route.name, index);
    else {
      const path = ['proxy', 'routes', index, 'name'];
      problems.push(
        problemAt(
          document,
          path,
          `got '${route.name}', which proxy.routes[${earlier}] already has; route names must be unique`,
        ),
      );
    }
  });
  return problems;
}
