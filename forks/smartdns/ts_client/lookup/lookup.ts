/**
 * `dns.lookup()` over our own resolution, for `net.connect`, `http.request` and undici.
 *
 * @module
 */
import dns from 'node:dns';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DnsError } from '../errors/errors.ts';
import type { IResolution } from '../interfaces/answers.ts';

/** Resolves a name to records; what a lookup is built on. */
export type TResolve = (name: string, type: string) => Promise<IResolution>;

export interface ILookupAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export type TAddressOrder = 'verbatim' | 'ipv4first' | 'ipv6first';

/** What `dns.lookup()` takes. */
export interface ILookupOptions {
  readonly family?: number | 'IPv4' | 'IPv6' | undefined;
  /** Sum of `dns.ADDRCONFIG`, `dns.V4MAPPED` and `dns.ALL`. */
  readonly hints?: number | undefined;
  readonly all?: boolean | undefined;
  readonly order?: TAddressOrder | undefined;
  /** The older spelling: true means `order: 'verbatim'`, false `'ipv4first'`. */
  readonly verbatim?: boolean | undefined;
}

export interface ILookupDefaults {
  /**
   * Which family comes first. Default: `dns.getDefaultResultOrder()`, where `verbatim` means IPv6 first on a machine
   * with an IPv6 address, else IPv4 (RFC 6724 §5 rule 1).
   */
  readonly order?: TAddressOrder;
}

export type TLookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | ILookupAddress[],
  family?: number,
) => void;

/** The signature that Node's own modules and undici expect. */
export interface TLookupFunction {
  (hostname: string, options: ILookupOptions | number, callback: TLookupCallback): void;
  (hostname: string, callback: TLookupCallback): void;
}

interface IPlan {
  readonly family: 0 | 4 | 6;
  readonly all: boolean;
  readonly hints: number;
  readonly order: TAddressOrder;
}

/** Makes a lookup function. Argument mistakes throw at once, as with `dns.lookup()`; the rest goes to the callback. */
export function lookupFunction(resolve: TResolve, defaults: ILookupDefaults): TLookupFunction {
  return (hostname: string, options: ILookupOptions | number | TLookupCallback, callback?: TLookupCallback): void => {
    const done = typeof options === 'function' ? options : callback;
    if (typeof done !== 'function') throw new TypeError('lookup needs a callback function');
    const plan = readPlan(typeof options === 'function' ? {} : options, defaults);
    const finish = (error: NodeJS.ErrnoException | null, found: ILookupAddress[]): void => {
      const [first] = found;
      if (error !== null) done(error, plan.all ? [] : '', undefined);
      else if (plan.all) done(null, found);
      else done(null, first?.address ?? '', first?.family);
    };
    const literal = isIP(hostname);
    if (literal !== 0) {
      process.nextTick(finish, null, [{ address: hostname, family: literal }]);
      return;
    }
    // The callback must not run inside the promise: what it throws would become a rejection.
    findAddresses(resolve, hostname, plan).then(
      (found) => process.nextTick(finish, null, found),
      (error: unknown) => process.nextTick(finish, error, []),
    );
  };
}

/**
 * The addresses of a name.
 *
 * @throws DnsError `ENOTFOUND` when there are none; else what the resolver reports
 */
async function findAddresses(resolve: TResolve, hostname: string, plan: IPlan): Promise<ILookupAddress[]> {
  const wanted = wantedFamilies(plan);
  const want6 = wanted.includes(6);
  const mapped = plan.family === 6 && (plan.hints & dns.V4MAPPED) !== 0;
  const ask4 = wanted.includes(4) || mapped;
  const [six, four] = await Promise.allSettled([
    want6 ? addressesOf(resolve, hostname, 'AAAA', 6) : [],
    ask4 ? addressesOf(resolve, hostname, 'A', 4) : [],
  ]);
  const found6 = six.status === 'fulfilled' ? six.value : [];
  const found4 = four.status === 'fulfilled' ? four.value : [];
  const found = mapped ? withMapped(found6, found4, (plan.hints & dns.ALL) !== 0) : ordered(found6, found4, plan.order);
  if (found.length > 0) return found;
  // One family's failure must not hide the other's addresses, but with neither it is what the caller has to know.
  if (six.status === 'rejected') throw six.reason;
  if (four.status === 'rejected') throw four.reason;
  throw new DnsError('ENOTFOUND', { hostname, syscall: 'getaddrinfo' });
}

async function addressesOf(
  resolve: TResolve,
  hostname: string,
  type: 'A' | 'AAAA',
  family: 4 | 6,
): Promise<ILookupAddress[]> {
  const { records } = await resolve(hostname, type);
  return records.map((record) => ({ address: String(record.data), family }));
}

/** `dns.V4MAPPED`: IPv4 addresses as IPv6 ones where there are no others; with `dns.ALL` beside them (RFC 3493 §6.1). */
function withMapped(six: ILookupAddress[], four: ILookupAddress[], all: boolean): ILookupAddress[] {
  if (six.length > 0 && !all) return six;
  return [...six, ...four.map(({ address }) => ({ address: `::ffff:${address}`, family: 6 as const }))];
}

function ordered(six: ILookupAddress[], four: ILookupAddress[], order: TAddressOrder): ILookupAddress[] {
  const sixFirst = order === 'ipv6first' || (order === 'verbatim' && machineFamilies().has(6));
  return sixFirst ? [...six, ...four] : [...four, ...six];
}

/** The families to ask for; `dns.ADDRCONFIG` leaves out those that the machine has no address of (RFC 3493 §6.1). */
function wantedFamilies(plan: IPlan): ReadonlyArray<4 | 6> {
  const families: Array<4 | 6> = plan.family === 0 ? [6, 4] : [plan.family];
  if ((plan.hints & dns.ADDRCONFIG) === 0) return families;
  const present = machineFamilies();
  // A machine with loopback alone still reaches itself; without any family nothing would be found there.
  return present.size === 0 ? families : families.filter((family) => present.has(family));
}

/** The address families that this machine has beyond loopback and link-local addresses. */
function machineFamilies(): ReadonlySet<4 | 6> {
  const present = new Set<4 | 6>();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { internal, family, address } of addresses ?? []) {
      if (internal || address.startsWith('fe80:')) continue;
      present.add(family === 'IPv6' ? 6 : 4);
    }
  }
  return present;
}

function readPlan(options: ILookupOptions | number | null | undefined, defaults: ILookupDefaults): IPlan {
  const given = typeof options === 'number' ? { family: options } : (options ?? {});
  const family = readFamily(given.family);
  const hints = given.hints ?? 0;
  if ((hints & ~(dns.ADDRCONFIG | dns.V4MAPPED | dns.ALL)) !== 0) {
    throw new TypeError(`lookup: hints ${hints} are not a sum of dns.ADDRCONFIG, dns.V4MAPPED and dns.ALL`);
  }
  return { family, all: given.all === true, hints, order: readOrder(given, defaults) };
}

function readFamily(family: ILookupOptions['family']): 0 | 4 | 6 {
  if (family === undefined || family === 0) return 0;
  if (family === 4 || family === 'IPv4') return 4;
  if (family === 6 || family === 'IPv6') return 6;
  throw new TypeError(`lookup: family ${String(family)} is not 0, 4 or 6`);
}

function readOrder(given: ILookupOptions, defaults: ILookupDefaults): TAddressOrder {
  if (given.order !== undefined) return given.order;
  if (given.verbatim !== undefined) return given.verbatim ? 'verbatim' : 'ipv4first';
  return defaults.order ?? dns.getDefaultResultOrder();
}
