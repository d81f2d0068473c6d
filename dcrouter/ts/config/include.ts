/**
 * Documents of several files: what the setting `include` names is put in.
 *
 * @module
 */
import { glob, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isAlias, isMap, isNode, isScalar, isSeq, visit, type Node } from 'yaml';
import { ConfigError, type IConfigProblem } from './error.ts';
import { fileLimits, includeLimits } from './limits.ts';
import { parseSource, positionIn, type ISource } from './source.ts';
import { ConfigTree } from './tree.ts';

/** The text of a configuration file. @throws ConfigError with one clear line */
export async function readConfigFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > fileLimits.documentBytesMax) {
      throw new Error(`it has ${size} bytes, at most ${fileLimits.documentBytesMax} are read`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file, path: '', message: unreadable(error as NodeJS.ErrnoException) }]);
  }
}

function unreadable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such file';
  if (error.code === 'EACCES') return 'the file may not be read by this user';
  if (error.code === 'EISDIR') return 'this is a folder; name a YAML or JSON file';
  return `the file cannot be read: ${error.message}`;
}

export interface IAssembled {
  readonly tree: ConfigTree;
  /** Every file that was put in, as absolute names. */
  readonly included: readonly string[];
}

/**
 * A document with everything in it that it includes, and that those files include.
 *
 * @throws ConfigError for files that cannot be read, circles, more files than there may be, and settings that two files
 *   make
 */
export async function assemble(file: string, text: string): Promise<IAssembled> {
  const root = parseSource(file, text);
  const assembly = new Assembly(new ConfigTree(root));
  const self = await realpath(file).catch(() => resolve(file));
  await assembly.putIn(root, [self]);
  if (assembly.problems.length > 0) throw new ConfigError(assembly.problems);
  return { tree: assembly.tree, included: [...assembly.files.keys()] };
}

class Assembly {
  readonly tree: ConfigTree;
  readonly problems: IConfigProblem[] = [];
  /** Where each file was included. */
  readonly files = new Map<string, string>();

  constructor(tree: ConfigTree) {
    this.tree = tree;
  }

  /** @param chain the files that led here, this one last */
  async putIn(source: ISource, chain: readonly string[]): Promise<void> {
    for (const pattern of this.#takePatterns(source)) {
      for (const file of await this.#filesOf(pattern, source)) await this.#putInFile(file, pattern, source, chain);
    }
  }

  /** The patterns of a file; the setting is taken out, as it means nothing in the whole. */
  #takePatterns(source: ISource): IPattern[] {
    const { contents } = source.document;
    const node = isMap(contents) ? contents.get('include', true) : undefined;
    if (node === undefined || node === null) return [];
    const items: unknown[] = isSeq(node) ? node.items : [node];
    const patterns = items.flatMap((item) => {
      if (isScalar(item) && typeof item.value === 'string' && item.value !== '')
        return [{ text: item.value, node: item }];
      this.#refuse(source, item, 'expected the name of a file or a pattern such as conf.d/*.yaml');
      return [];
    });
    if (isMap(contents)) contents.delete('include');
    return patterns;
  }

  async #filesOf(pattern: IPattern, source: ISource): Promise<string[]> {
    const found: string[] = [];
    const absolute = isAbsolute(pattern.text) ? pattern.text : join(dirname(resolve(source.file)), pattern.text);
    for await (const name of glob(absolute)) {
      found.push(name);
      if (found.length > includeLimits.filesMax) break;
    }
    if (found.length === 0 && !/[*?[{]/.test(pattern.text)) {
      this.#refuse(source, pattern.node, `there is no file ${pattern.text}`);
    }
    return found.sort();
  }

  async #putInFile(file: string, pattern: IPattern, source: ISource, chain: readonly string[]): Promise<void> {
    const real = await realpath(file);
    if (chain.includes(real)) {
      const circle = [...chain.slice(chain.indexOf(real)), real].join(' → ');
      return this.#refuse(source, pattern.node, `the files include each other in a circle: ${circle}`);
    }
    const earlier = this.files.get(real);
    const place = `${source.file}:${positionIn(source, pattern.node)?.line ?? 1}`;
    if (earlier !== undefined) {
      return this.#refuse(source, pattern.node, `${file} is already included at ${earlier}; include it once`);
    }
    if (chain.length > includeLimits.depthMax) {
      return this.#refuse(source, pattern.node, `files may include each other ${includeLimits.depthMax} deep`);
    }
    if (this.files.size >= includeLimits.filesMax) {
      return this.#refuse(source, pattern.node, `a configuration may have ${includeLimits.filesMax} files`);
    }
    this.files.set(real, place);
    const included = parseSource(file, await readConfigFile(file));
    if (included.document.contents !== null && hasAnchors(included)) {
      return this.#refuse(included, included.document.contents, 'anchors and aliases cannot stand in an included file');
    }
    // What the file itself includes comes after it, in the order in which a reader meets it.
    const nested = new Assembly(new ConfigTree(included));
    const patterns = nested.#takePatterns(included);
    this.problems.push(...nested.problems, ...this.tree.merge(included));
    for (const inner of patterns) {
      for (const name of await this.#filesOf(inner, included)) {
        await this.#putInFile(name, inner, included, [...chain, real]);
      }
    }
  }

  #refuse(source: ISource, node: unknown, message: string): void {
    this.problems.push({ file: source.file, ...positionIn(source, node), path: 'include', message });
  }
}

interface IPattern {
  readonly text: string;
  readonly node: Node;
}

/** A name that two files give to different values would silently mean one of them in both. */
function hasAnchors(source: ISource): boolean {
  let found = false;
  visit(source.document, (_, node) => {
    if (!isAlias(node) && !(isNode(node) && 'anchor' in node && node.anchor !== undefined)) return undefined;
    found = true;
    return visit.BREAK;
  });
  return found;
}
