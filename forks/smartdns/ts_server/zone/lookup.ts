/**
 * What a question finds in a zone (RFC 1034 §4.3.2, RFC 4592, RFC 6672).
 *
 * @module
 */
import { isNormalSubdomain, nameToWire, normalizeName, parentName, rcodes } from '#wire';
import type { IResourceRecord, ISoaData } from '#wire';
import { zoneAliasHopsMax } from '../limits/zone.ts';
import type { ILookupStep, IRrset, IZoneLookup, TLookupKind } from './interfaces.ts';
import type { ZoneNode, ZoneTree } from './node.ts';

const nameWireBytesMax = 255;
const noTypes: readonly string[] = Object.freeze([]);

/** Looks one question up, aliases followed as far as they stay in the zone. `qname` may be in any letter case. */
export function lookUp(tree: ZoneTree, qname: string, qtype: string): IZoneLookup {
  return new Lookup(tree, qtype).run(normalizeName(qname));
}

/** Where a name is in the zone. */
interface IPlace {
  /** The name's node, or the one of its wildcard, or undefined. */
  node: ZoneNode | undefined;
  wildcard: string | null;
  closestEncloser: string;
  /** A delegation or DNAME on the way. */
  cut: ZoneNode | null;
}

class Lookup {
  readonly #tree: ZoneTree;
  readonly #qtype: string;
  readonly #answers: IResourceRecord[] = [];
  readonly #authorities: IResourceRecord[] = [];
  readonly #additionals: IResourceRecord[] = [];
  readonly #steps: ILookupStep[] = [];
  #overflow = false;

  constructor(tree: ZoneTree, qtype: string) {
    this.#tree = tree;
    this.#qtype = qtype;
  }

  run(qname: string): IZoneLookup {
    const seen = new Set<string>();
    let name: string | null = qname;
    while (name !== null && !seen.has(name) && seen.size <= zoneAliasHopsMax) {
      seen.add(name);
      name = this.#step(name);
    }
    const last = this.#steps.at(-1)!;
    const kind = last.kind === 'out-of-zone' && this.#steps.length > 1 ? 'cname' : last.kind;
    return {
      kind,
      rcode: this.#overflow ? rcodes.YXDOMAIN : kind === 'nxdomain' ? rcodes.NXDOMAIN : rcodes.NOERROR,
      authoritative: kind !== 'out-of-zone' && (kind !== 'referral' || this.#answers.length > 0),
      answers: this.#answers,
      authorities: this.#authorities,
      additionals: this.#additionals,
      wildcardUsed: this.#steps.some((step) => step.wildcard !== null),
      steps: this.#steps,
    };
  }

  /** Looks one name up; returns the name an alias leads to, or null at the end. */
  #step(name: string): string | null {
    const tree = this.#tree;
    if (!isNormalSubdomain(name, tree.origin)) {
      // An alias out of the zone ends here and needs no proof.
      if (this.#steps.length === 0) this.#note(name, 'out-of-zone', '.', null, noTypes);
      return null;
    }
    const place = this.#find(name);
    if (place.cut !== null) {
      const dname = place.cut.sets.get('DNAME');
      return dname === undefined ? this.#refer(name, place.cut) : this.#redirect(name, place.cut, dname);
    }
    const { node, wildcard, closestEncloser } = place;
    if (node === undefined) {
      this.#note(name, 'nxdomain', closestEncloser, null, noTypes);
      this.#deny();
      return null;
    }
    const types = [...node.sets.keys()];
    const set = node.sets.get(this.#qtype);
    if (set !== undefined) {
      this.#note(name, 'answer', closestEncloser, wildcard, types);
      this.#answer(name, set, wildcard);
      return null;
    }
    const alias = node.sets.get('CNAME');
    if (alias !== undefined) {
      this.#note(name, 'cname', closestEncloser, wildcard, types);
      this.#answer(name, alias, wildcard);
      return normalizeName(alias.records[0]!.data as string);
    }
    this.#note(name, 'nodata', closestEncloser, wildcard, types);
    this.#deny();
    return null;
  }

  #note(
    name: string,
    kind: TLookupKind,
    closestEncloser: string,
    wildcard: string | null,
    types: readonly string[],
    delegation: string | null = null,
  ): void {
    this.#steps.push({ name, kind, wildcard, closestEncloser, types, delegation });
  }

  /** Walks from the apex to the name, and stops at a cut or where there is nothing. */
  #find(name: string): IPlace {
    const { nodes, origin, cuts } = this.#tree;
    const exact = nodes.get(name);
    if (exact !== undefined && cuts === 0) return { node: exact, wildcard: null, closestEncloser: name, cut: null };
    let closestEncloser = origin;
    for (const ancestor of pathTo(name, origin)) {
      const node = nodes.get(ancestor);
      if (node === undefined) break;
      closestEncloser = ancestor;
      if (this.#cuts(node, ancestor === name)) return { node: undefined, wildcard: null, closestEncloser, cut: node };
    }
    if (exact !== undefined) return { node: exact, wildcard: null, closestEncloser: name, cut: null };
    // RFC 4592 §3.3.1: only the wildcard directly below the closest encloser counts.
    const wildcard = closestEncloser === '.' ? '*' : `*.${closestEncloser}`;
    const node = nodes.get(wildcard);
    return { node, wildcard: node === undefined ? null : wildcard, closestEncloser, cut: null };
  }

  #cuts(node: ZoneNode, isName: boolean): boolean {
    // The DS record and the DNAME itself belong to this side (RFC 4035 §3.1.4.1, RFC 6672 §2.3).
    if (node.name !== this.#tree.origin && node.sets.has('NS')) return !(isName && this.#qtype === 'DS');
    return !isName && node.sets.has('DNAME');
  }

  #answer(name: string, set: IRrset, wildcard: string | null): void {
    for (const record of set.records) {
      this.#answers.push(wildcard === null ? record : { ...record, name });
    }
  }

  /** The SOA with the TTL that "there is nothing" may be remembered for (RFC 2308 §3, §5). */
  #deny(): void {
    const soa = this.#tree.get(this.#tree.origin, 'SOA')!.records[0]!;
    const { minimum } = soa.data as ISoaData;
    this.#authorities.push(minimum < soa.ttl ? { ...soa, ttl: minimum } : soa);
  }

  #refer(name: string, cut: ZoneNode): null {
    const servers = cut.sets.get('NS')!;
    this.#note(name, 'referral', cut.name, null, [...cut.sets.keys()], cut.name);
    // The DS records go only to clients that can use them: signing adds them (RFC 4035 §3.1.4).
    this.#authorities.push(...servers.records);
    const tree = this.#tree;
    // RFC 9471 §3: all glue that we have, in-domain servers first as they cannot be found otherwise.
    const targets = servers.records.map((record) => normalizeName(record.data as string));
    targets.sort(
      (left, right) => Number(isNormalSubdomain(right, cut.name)) - Number(isNormalSubdomain(left, cut.name)),
    );
    for (const target of new Set(targets)) {
      for (const type of ['A', 'AAAA']) this.#additionals.push(...(tree.get(target, type)?.records ?? []));
    }
    return null;
  }

  /** A DNAME rewrites what is below it, and says so with a CNAME made up for the name (RFC 6672 §3.1). */
  #redirect(name: string, cut: ZoneNode, set: IRrset): string | null {
    this.#note(name, 'cname', cut.name, null, [...cut.sets.keys()]);
    const dname = set.records[0]!;
    this.#answers.push(dname);
    const prefix = name.slice(0, name.length - cut.name.length - (cut.name === '.' ? 0 : 1));
    const suffix = normalizeName(dname.data as string);
    const labels = prefix.endsWith('.') ? prefix.slice(0, -1) : prefix;
    const target = suffix === '.' ? labels : `${labels}.${suffix}`;
    if (!fits(labels, suffix)) {
      this.#overflow = true;
      return null;
    }
    this.#answers.push({ name, type: 'CNAME', class: 'IN', ttl: dname.ttl, data: target });
    return this.#qtype === 'CNAME' ? null : target;
  }
}

/** RFC 6672 §2.2: a target of more than 255 bytes is YXDOMAIN. */
function fits(labels: string, suffix: string): boolean {
  return nameToWire(labels).length - 1 + nameToWire(suffix).length <= nameWireBytesMax;
}

/** The names from just below the origin down to `name`, the origin first. */
function pathTo(name: string, origin: string): string[] {
  const path: string[] = [];
  let at = name;
  while (at !== origin) {
    path.push(at);
    at = parentName(at);
  }
  path.push(origin);
  return path.reverse();
}
