/**
 * The names we speak for, and the SOA record that says so in answers without records (RFC 2308).
 *
 * @module
 */
import type { IResourceRecord } from '#wire';
import type { HandlerTable } from '../handlers/table.ts';
import { nextLabel } from '../handlers/table.ts';
import {
  soaExpireSeconds,
  soaMinimumSeconds,
  soaRefreshSeconds,
  soaRetrySeconds,
  soaTtlSeconds,
} from '../limits/index.ts';

/** SOA fields that an operator may set; the rest is as recommended by RIPE-203. */
export interface ISoaOptions {
  /** Mailbox as a name; default `hostmaster.<zone>`. */
  rname?: string;
  /** Default: a number that rises with every change of the handlers. */
  serial?: number;
  refresh?: number;
  retry?: number;
  expire?: number;
  /** Seconds that "no such record" may be cached. */
  minimum?: number;
  ttl?: number;
}

export interface IAuthorityOptions {
  /** Origins given by configuration, with or without final dot, any letter case. */
  readonly origins: readonly string[];
  /** Origin under which our name server and mailbox are by default: upstream's `dnssecZone`. */
  readonly mainOrigin: string | undefined;
  readonly primaryNameserver: string | undefined;
  readonly soa: ISoaOptions;
  readonly serialStart: number | undefined;
}

const serialModulus = 2 ** 32;
const msPerSecond = 1_000;

export class Authority {
  readonly #table: HandlerTable;
  readonly #options: IAuthorityOptions;
  readonly #origins = new Set<string>();
  /** Started from the clock so that it does not fall when the server starts again (RFC 1912 §2.2). */
  readonly #firstSerial: number;
  readonly #firstVersion: number;

  constructor(table: HandlerTable, options: IAuthorityOptions) {
    this.#table = table;
    this.#options = options;
    this.#firstVersion = table.version;
    this.#firstSerial = options.serialStart ?? Math.floor(Date.now() / msPerSecond);
    for (const origin of options.origins) {
      this.#origins.add(normalName(origin));
    }
  }

  /** Origin of the zone that covers `name`: the closest configured one, else the one that handlers imply. */
  originOf(name: string): string | undefined {
    return this.#configuredOrigin(name) ?? this.#table.impliedOrigin(name);
  }

  /** Whether `name` is in a configured zone. */
  isCovered(name: string): boolean {
    return this.#configuredOrigin(name) !== undefined;
  }

  isConfigured(origin: string): boolean {
    return this.#origins.has(origin);
  }

  nameserver(origin: string): string {
    return this.#options.primaryNameserver ?? below('ns1', this.#options.mainOrigin ?? origin);
  }

  soa(origin: string): IResourceRecord {
    const { soa } = this.#options;
    return {
      name: origin,
      type: 'SOA',
      class: 'IN',
      ttl: soa.ttl ?? soaTtlSeconds,
      data: {
        mname: this.nameserver(origin),
        rname: soa.rname ?? below('hostmaster', this.#options.mainOrigin ?? origin),
        serial: soa.serial ?? this.#serial,
        refresh: soa.refresh ?? soaRefreshSeconds,
        retry: soa.retry ?? soaRetrySeconds,
        expire: soa.expire ?? soaExpireSeconds,
        minimum: soa.minimum ?? soaMinimumSeconds,
      },
    };
  }

  get #serial(): number {
    return (this.#firstSerial + (this.#table.version - this.#firstVersion)) % serialModulus;
  }

  #configuredOrigin(name: string): string | undefined {
    if (this.#origins.size === 0) {
      return undefined;
    }
    for (let at = 0; at >= 0; at = nextLabel(name, at)) {
      const candidate = name.slice(at);
      if (this.#origins.has(candidate)) {
        return candidate;
      }
    }
    return this.#origins.has('.') ? '.' : undefined;
  }
}

function below(label: string, origin: string): string {
  return origin === '.' ? label : `${label}.${origin}`;
}

/** Lower case, no final dot; the root stays `.`. */
export function normalName(name: string): string {
  const lower = name.toLowerCase();
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** The SOA record for an answer without records: its TTL also bounds how long that is remembered (RFC 2308 §5). */
export function negativeSoa(soa: IResourceRecord): IResourceRecord {
  const { minimum } = soa.data as { minimum: number };
  return { ...soa, ttl: Math.min(soa.ttl, minimum) };
}
