/**
 * From a file to a validated configuration.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { zoneComplaints } from '../dns/zones.ts';
import { ruleComplaints } from '../rules/complaints.ts';
import type { IStoredObject } from '../store/types.ts';
import { parseConfigDocument, type IConfigDocument } from './document.ts';
import { ConfigError, type IConfigProblem } from './error.ts';
import { layObjects, objectName } from './overlay.ts';
import { explain, problemAt } from './problems.ts';
import { routeComplaints } from './routes.ts';
import { configSchema, type TConfig } from './schema/index.ts';

/**
 * Reads and validates a configuration file.
 *
 * @throws ConfigError when the file cannot be read, is not YAML or JSON, or does not fit the schema.
 */
export async function loadConfig(file: string, env: NodeJS.ProcessEnv = process.env): Promise<TConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file, path: '', message: unreadable(error as NodeJS.ErrnoException) }]);
  }
  return validateConfig(parseConfigDocument(file, text, env));
}

function unreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such file';
  if (error.code === 'EACCES') return 'the file may not be read by this user';
  if (error.code === 'EISDIR') return 'this is a folder; name a YAML or JSON file';
  return `the file cannot be read: ${error.message}`;
}

/** @throws ConfigError with one problem per value that does not fit. */
export function validateConfig(document: IConfigDocument): TConfig {
  const result = configSchema.safeParse(document.value ?? {});
  const problems = result.success
    ? checkMeaning(result.data, document)
    : result.error.issues.flatMap((issue) => explain(issue, document));
  if (problems.length > 0) throw new ConfigError(problems);
  return result.data!;
}

/**
 * The document with shared objects laid over it, validated as a whole. What is wrong with an object is told as
 * `object route 'name'` in the place of the file, with the path inside the object.
 *
 * @throws ConfigError
 */
export function validateWithObjects(document: IConfigDocument, objects: readonly IStoredObject[]): TConfig {
  const laid = layObjects(document.value, objects);
  if (laid.problems.length > 0) throw new ConfigError(laid.problems);
  return validateConfig({
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
  const routeNames = (config.proxy?.routes ?? []).map(({ name }) => name);
  for (const { path, message } of ruleComplaints(config.rules, routeNames)) {
    problems.push(problemAt(document, ['rules', ...path], message));
  }
  for (const [name, zone] of Object.entries(config.dns?.zones ?? {})) {
    for (const message of zoneComplaints(name, zone))
      problems.push(problemAt(document, ['dns', 'zones', name], message));
  }
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
