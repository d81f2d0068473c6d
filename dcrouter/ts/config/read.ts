/**
 * From a file to a document: includes, environment, named files.
 *
 * @module
 */
import { documentOf, type IConfigDocument } from './document.ts';
import { overrideFromEnvironment, variableName } from './environment.ts';
import { ConfigError } from './error.ts';
import { assemble, readConfigFile } from './include.ts';
import { resolveFiles } from './named-files.ts';

export interface IReadDocument extends IConfigDocument {
  /** Files that the document was made of beside its own text, as absolute names: a change of one is a change of it. */
  readonly files: readonly string[];
}

/**
 * Reads a document and everything that it names.
 *
 * @param file its name, for errors and relative names
 * @param text what stands in it; by default it is read
 * @throws ConfigError with everything that is wrong: syntax, files that cannot be read, variables that are not set
 */
export async function readConfigDocument(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  text?: string,
): Promise<IReadDocument> {
  const { tree, included } = await assemble(file, text ?? (await readConfigFile(file)));
  const written = documentOf(tree, env);
  const overridden = overrideFromEnvironment(written.value, env);
  if (overridden.problems.length > 0) throw new ConfigError(overridden.problems);
  const document: IConfigDocument = {
    ...written,
    value: overridden.value,
    locate: (path) => {
      const variable = overridden.variableOf(path);
      return variable === undefined ? written.locate(path) : { file: variableName(variable), path };
    },
  };
  const resolved = await resolveFiles(document);
  if (resolved.problems.length > 0) throw new ConfigError(resolved.problems);
  return {
    ...document,
    value: resolved.value,
    warnings: resolved.warnings,
    files: [...included, ...resolved.files],
  };
}

/**
 * The text of a document with everything put in that it includes, references to the environment and to secret files as
 * they were written: what can be stored and read again later.
 *
 * @throws ConfigError
 */
export async function flattenDocument(file: string, text: string): Promise<{ text: string; files: readonly string[] }> {
  const { tree, included } = await assemble(file, text);
  return { text: included.length === 0 ? text : String(tree.root.document), files: included };
}
