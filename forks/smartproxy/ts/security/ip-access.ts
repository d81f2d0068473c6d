/**
 * Allow and block lists. Block wins over allow; without an allow list everybody is allowed.
 *
 * Entries that are limited to domains count once the domain is known: from the SNI on, and for each request's Host.
 *
 * @module
 */
import type { IDomainScopedIp } from '../interfaces/security.ts';
import { domainMatches, parseDomainPattern, type IDomainPattern } from '../route/domain.ts';
import { ipWords, parseIp } from './ip.ts';
import { parseIpPattern, type IIpRange } from './ip-pattern.ts';
import { IpSet } from './ip-set.ts';

export type TIpListEntry = string | IDomainScopedIp;

/** Why an address is kept out; null when it is let in. */
export type TIpVerdict = 'ip-blocked' | 'ip-not-allowed' | null;

interface IScopedSet {
  readonly domains: readonly IDomainPattern[];
  readonly set: IpSet;
}

/** One list: the addresses that count everywhere, and those that count for some domains. */
class IpList {
  readonly #everywhere: IpSet;
  readonly #scoped: readonly IScopedSet[];
  /** Whether some entries count for some domains only. */
  readonly hasScoped: boolean;

  constructor(entries: readonly TIpListEntry[]) {
    const everywhere: IIpRange[] = [];
    const byScope = new Map<string, { domains: readonly string[]; ranges: IIpRange[] }>();
    for (const entry of entries) {
      const range = parseIpPattern(typeof entry === 'string' ? entry : entry.ip);
      // Patterns were validated; one that is none can only come from a caller that skipped that.
      if (range === null)
        throw new TypeError(`"${typeof entry === 'string' ? entry : entry.ip}" is no address pattern`);
      if (typeof entry === 'string') {
        everywhere.push(range);
        continue;
      }
      const key = entry.domains.join(' ').toLowerCase();
      const scope = byScope.get(key) ?? { domains: entry.domains, ranges: [] };
      scope.ranges.push(range);
      byScope.set(key, scope);
    }
    this.#everywhere = new IpSet(everywhere);
    this.#scoped = [...byScope.values()].map(({ domains, ranges }) => ({
      domains: domains.map((text) => parseDomainPattern(text)).filter((pattern) => pattern !== null),
      set: new IpSet(ranges),
    }));
    this.hasScoped = this.#scoped.length > 0;
  }

  has(words: Uint32Array, domain: string | undefined): boolean {
    if (this.#everywhere.hasWords(words)) return true;
    if (domain === undefined || domain === '') return false;
    for (let i = 0; i < this.#scoped.length; i += 1) {
      const { domains, set } = this.#scoped[i]!;
      if (set.hasWords(words) && domains.some((pattern) => domainMatches(pattern, domain))) return true;
    }
    return false;
  }
}

export class IpAccess {
  readonly #allow: IpList | null;
  readonly #block: IpList | null;
  /** Whether the verdict can change once the domain is known. */
  readonly needsDomain: boolean;

  private constructor(allow: IpList | null, block: IpList | null) {
    this.#allow = allow;
    this.#block = block;
    this.needsDomain = (allow?.hasScoped ?? false) || (block?.hasScoped ?? false);
  }

  /** Null when neither list has entries: everybody may. */
  static compile(
    allow: readonly TIpListEntry[] | undefined,
    block: readonly TIpListEntry[] | undefined,
  ): IpAccess | null {
    if (!allow?.length && !block?.length) return null;
    return new IpAccess(allow?.length ? new IpList(allow) : null, block?.length ? new IpList(block) : null);
  }

  /**
   * @param domain SNI or Host; undefined while it is unknown, and then entries for some domains let nobody in and keep
   *   nobody out.
   */
  check(ip: string, domain: string | undefined): TIpVerdict {
    const isAddress = parseIp(ip) !== 0;
    if (this.#block !== null && isAddress && this.#block.has(ipWords, domain)) return 'ip-blocked';
    if (this.#allow === null || (isAddress && this.#allow.has(ipWords, domain))) return null;
    return 'ip-not-allowed';
  }

  /** As {@link check} before the domain is known: what a later domain may still allow is let in for now. */
  checkEarly(ip: string): TIpVerdict {
    const verdict = this.check(ip, undefined);
    return verdict === 'ip-not-allowed' && this.#allow!.hasScoped ? null : verdict;
  }
}
