/**
 * Files that settings name: paths made absolute, secrets and zones read.
 *
 * @module
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { IConfigDocument } from './document.ts';
import type { IConfigProblem } from './error.ts';
import { isGroup } from './json.ts';
import { fileLimits } from './limits.ts';
import { problemAt } from './problems.ts';
import { branchesOf, definition, isMarked, schemasBelow } from './schema-walk.ts';
import { configSchema } from './schema/index.ts';

export interface IResolved {
  readonly value: unknown;
  readonly problems: readonly IConfigProblem[];
  readonly warnings: readonly IConfigProblem[];
  /** Files that were read, as absolute names: what they hold is part of the configuration. */
  readonly files: readonly string[];
}

/**
 * The document's value with `{ fromFile: path }` replaced by what the file holds, file names relative to the file that
 * names them made absolute, and master files of zones read.
 */
export async function resolveFiles(document: IConfigDocument): Promise<IResolved> {
  const resolver = new Resolver(document);
  const value = await resolver.walk(document.value, [configSchema], []);
  return { value, problems: resolver.problems, warnings: resolver.warnings, files: resolver.files };
}

class Resolver {
  readonly problems: IConfigProblem[] = [];
  readonly warnings: IConfigProblem[] = [];
  readonly files: string[] = [];
  readonly #document: IConfigDocument;

  constructor(document: IConfigDocument) {
    this.#document = document;
  }

  async walk(value: unknown, schemas: readonly unknown[], path: readonly PropertyKey[]): Promise<unknown> {
    if (typeof value === 'string') return isMarked(schemas, 'path') ? this.#absolute(value, path) : value;
    if (Array.isArray(value)) {
      const made: unknown[] = [];
      for (const [index, item] of value.entries()) {
        made.push(await this.walk(item, schemasBelow(schemas, index), [...path, index]));
      }
      return made;
    }
    if (!isGroup(value)) return value;
    const from = value['fromFile'];
    if (typeof from === 'string' && Object.keys(value).length === 1 && takesText(schemas)) {
      return await this.#secret(this.#absolute(from, path), isMarked(schemas, 'secret'), path);
    }
    const made: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const walked = await this.walk(item, schemasBelow(schemas, key), [...path, key]);
      Object.defineProperty(made, key, { value: walked, writable: true, enumerable: true, configurable: true });
    }
    return isZone(path) ? await this.#zone(made, path) : made;
  }

  #absolute(name: string, path: readonly PropertyKey[]): string {
    const { file } = this.#document.locate(path);
    // A value from the environment stands in no file; it is relative to the main one.
    const from = file === this.#document.file || isAbsolute(file) ? file : this.#document.file;
    return isAbsolute(name) ? name : resolve(dirname(from), name);
  }

  async #secret(file: string, isSecret: boolean, path: readonly PropertyKey[]): Promise<unknown> {
    const bytes = await this.#read(file, fileLimits.secretBytesMax, path, (mode) => {
      if (!isSecret || (mode & 0o004) === 0) return;
      const message = `${file} can be read by everybody on this machine; chmod o-r ${file}`;
      this.warnings.push(problemAt(this.#document, path, message));
    });
    return bytes?.toString('utf8').replace(/\r?\n$/, '');
  }

  async #zone(zone: Record<string, unknown>, path: readonly PropertyKey[]): Promise<unknown> {
    const { file, text } = zone;
    if (typeof file !== 'string') return zone;
    if (text !== undefined) {
      this.problems.push(problemAt(this.#document, [...path, 'text'], 'stands beside file; keep one of both'));
      return zone;
    }
    const bytes = await this.#read(file, fileLimits.zoneBytesMax, [...path, 'file']);
    return bytes === undefined ? zone : { ...zone, text: bytes.toString('utf8') };
  }

  async #read(
    file: string,
    bytesMax: number,
    path: readonly PropertyKey[],
    look: (mode: number) => void = () => {},
  ): Promise<Buffer | undefined> {
    try {
      const { size, mode } = await stat(file);
      if (size > bytesMax) throw new Error(`it has ${size} bytes, at most ${bytesMax} are read`);
      look(mode);
      const bytes = await readFile(file);
      this.files.push(file);
      return bytes;
    } catch (error) {
      this.problems.push(problemAt(this.#document, path, `cannot read ${file}: ${reason(error)}`));
      return undefined;
    }
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read it';
  return code === 'EISDIR' ? 'it is a folder' : message;
}

function isZone(path: readonly PropertyKey[]): boolean {
  return path.length === 3 && path[0] === 'dns' && path[1] === 'zones';
}

/** Whether text may stand at a place, so that a group of the one setting `fromFile` is meant for it. */
function takesText(schemas: readonly unknown[]): boolean {
  return schemas.flatMap(branchesOf).some((schema) => definition(schema).type === 'string');
}
