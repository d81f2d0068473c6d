/**
 * The names of a zone.
 *
 * @module
 */
import { parentName } from '#wire';
import type { IRrset } from './interfaces.ts';

/** A name that exists: it has records, or names below it have (an empty non-terminal, RFC 8020). */
export class ZoneNode {
  readonly name: string;
  readonly sets = new Map<string, IRrset>();
  /** Nodes directly below. */
  children = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** Nodes by name in normal form, with every empty non-terminal in its place. */
export class ZoneTree {
  readonly origin: string;
  readonly nodes = new Map<string, ZoneNode>();
  records = 0;
  /** Delegations and DNAMEs below the apex: without any, a name that exists needs no walk. */
  cuts = 0;

  constructor(origin: string) {
    this.origin = origin;
    this.nodes.set(origin, new ZoneNode(origin));
  }

  get apex(): ZoneNode {
    return this.nodes.get(this.origin)!;
  }

  get(name: string, type: string): IRrset | undefined {
    return this.nodes.get(name)?.sets.get(type);
  }

  /** Puts a set in place of the one before; an empty one removes it. */
  set(set: IRrset): void {
    if (set.records.length === 0) {
      this.#remove(set.name, set.type);
      return;
    }
    const node = this.#reach(set.name);
    const before = node.sets.get(set.type);
    this.records += set.records.length - (before?.records.length ?? 0);
    if (before === undefined && this.#isCut(set.name, set.type)) this.cuts++;
    node.sets.set(set.type, set);
  }

  /** The node of a name, made with its ancestors where it is missing. */
  #reach(name: string): ZoneNode {
    const known = this.nodes.get(name);
    if (known !== undefined) return known;
    const node = new ZoneNode(name);
    this.nodes.set(name, node);
    this.#reach(parentName(name)).children++;
    return node;
  }

  #remove(name: string, type: string): void {
    const node = this.nodes.get(name);
    const set = node?.sets.get(type);
    if (node === undefined || set === undefined) return;
    this.records -= set.records.length;
    if (this.#isCut(name, type)) this.cuts--;
    node.sets.delete(type);
    this.#prune(node);
  }

  /** Takes away names that exist no more, up to the first that still does. */
  #prune(from: ZoneNode): void {
    let node = from;
    while (node.sets.size === 0 && node.children === 0 && node.name !== this.origin) {
      this.nodes.delete(node.name);
      const parent = this.nodes.get(parentName(node.name))!;
      parent.children--;
      node = parent;
    }
  }

  #isCut(name: string, type: string): boolean {
    return type === 'DNAME' || (type === 'NS' && name !== this.origin);
  }
}
