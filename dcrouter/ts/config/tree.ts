/**
 * The syntax tree of a whole configuration: the main file with what it includes put in.
 *
 * @module
 */
import { isAlias, isMap, isScalar, isSeq, visit, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { formatPath, type IConfigProblem } from './error.ts';
import { positionIn, type IPosition, type ISource } from './source.ts';

export interface IPlacedNode {
  readonly source: ISource;
  readonly node: unknown;
}

export class ConfigTree {
  readonly root: ISource;
  /** Which file a node is from, for those that were put in from others; what is below is from the same file. */
  readonly #origins = new Map<unknown, ISource>();

  constructor(root: ISource) {
    this.root = root;
  }

  /** The node at a path, or its nearest existing parent. */
  find(path: readonly PropertyKey[]): IPlacedNode {
    let source = this.root;
    let node: unknown = source.document.contents;
    for (const part of path) {
      const next = this.#step(node, part, source);
      if (next === undefined || next === null) break;
      node = next;
      source = this.#origins.get(node) ?? source;
    }
    return { source, node };
  }

  #step(node: unknown, part: PropertyKey, source: ISource): unknown {
    const target = isAlias(node) ? node.resolve(source.document) : node;
    if (isMap(target)) return target.get(part as string, true);
    return isSeq(target) && typeof part === 'number' ? target.items[part] : undefined;
  }

  /** Calls back for every scalar that is a value, with the file that it is from. */
  eachScalar(act: (node: { value: unknown; source?: string; tag?: string }, source: ISource) => void): void {
    visit(this.root.document, {
      Scalar: (key, node, ancestors) => {
        if (key === 'key') return;
        const owner = [...ancestors, node].findLast((ancestor) => this.#origins.has(ancestor));
        act(node, this.#origins.get(owner) ?? this.root);
      },
    });
  }

  /**
   * Puts another file in: groups are merged, lists of named things are joined, and whatever else both say is told as a
   * problem of both places.
   */
  merge(source: ISource): IConfigProblem[] {
    const { contents } = source.document;
    if (contents === null) return [];
    const root: { contents: unknown } = this.root.document;
    if (root.contents === null) {
      root.contents = contents;
      this.#origins.set(contents, source);
      return [];
    }
    const problems: IConfigProblem[] = [];
    if (isMap(root.contents) && isMap(contents)) this.#mergeMaps(root.contents, contents, [], source, problems);
    else problems.push(problemOf(source, contents, [], 'expected a group of settings, as the including file is one'));
    return problems;
  }

  #mergeMaps(
    into: YAMLMap,
    from: YAMLMap,
    path: readonly PropertyKey[],
    source: ISource,
    problems: IConfigProblem[],
  ): void {
    for (const pair of from.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      const present = into.get(key, true);
      const below = [...path, key];
      if (present === undefined || present === null) {
        into.items.push(pair);
        this.#origins.set(pair.value, source);
      } else if (isMap(present) && isMap(pair.value)) {
        this.#mergeMaps(present, pair.value, below, source, problems);
      } else if (isNamedList(present) && isNamedList(pair.value)) {
        this.#mergeLists(present, pair.value, below, source, problems);
      } else {
        const earlier = this.find(below);
        problems.push(problemOf(source, pair.value, below, `is already set at ${placeOf(earlier)}; keep one of both`));
      }
    }
  }

  #mergeLists(
    into: YAMLSeq,
    from: YAMLSeq,
    path: readonly PropertyKey[],
    source: ISource,
    problems: IConfigProblem[],
  ): void {
    const names = new Map(into.items.map((item, index) => [nameOf(item), index]));
    for (const item of from.items) {
      const name = nameOf(item);
      const earlier = names.get(name);
      // Records of one owner and type stand beside each other; everything else has a name of its own.
      if (earlier !== undefined && !(isMap(item) && item.has('type'))) {
        const place = placeOf(this.find([...path, earlier]));
        const message = `got '${name}', which is already at ${place}; names must be unique`;
        problems.push(problemOf(source, (item as YAMLMap).get('name', true), path, message));
        continue;
      }
      this.#origins.set(item, source);
      into.items.push(item);
    }
  }
}

function isNamedList(node: unknown): node is YAMLSeq {
  return isSeq(node) && node.items.every((item) => isMap(item) && nameOf(item) !== undefined);
}

function nameOf(item: unknown): string | undefined {
  const name = isMap(item) ? item.get('name') : undefined;
  return name === undefined || name === null ? undefined : String(name);
}

function placeOf({ source, node }: IPlacedNode): string {
  const at: IPosition | undefined = positionIn(source, node as Node);
  return at === undefined ? source.file : `${source.file}:${at.line}:${at.column}`;
}

function problemOf(source: ISource, node: unknown, path: readonly PropertyKey[], message: string): IConfigProblem {
  return { file: source.file, ...positionIn(source, node), path: formatPath(path), message };
}
