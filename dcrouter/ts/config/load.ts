/**
 * From a file to a validated configuration.
 *
 * @module
 */
import type { IStoredObject } from '../store/types.ts';
import type { IConfigDocument } from './document.ts';
import { ConfigError, type IConfigProblem } from './error.ts';
import { layObjects, objectName } from './overlay.ts';
import { meaningProblems } from './meaning.ts';
import { explain } from './problems.ts';
import { readConfigDocument } from './read.ts';
import { outdated } from './outdated.ts';
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
    ? meaningProblems(result.data, document)
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
