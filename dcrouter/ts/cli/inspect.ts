/**
 * Everything that is to be said about a document, told rather than thrown.
 *
 * @module
 */
import { ConfigError } from '../config/error.ts';
import { inspectConfig, type IInspection } from '../config/load.ts';
import { readConfigDocument } from '../config/read.ts';

export async function inspectFile(file: string, env: NodeJS.ProcessEnv): Promise<IInspection> {
  try {
    return inspectConfig(await readConfigDocument(file, env));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: undefined, problems: error.problems, warnings: [] };
  }
}
