/**
 * What is looked at before a request is read: where it comes from, whom it believes to talk to, and whether a web page
 * has sent it.
 *
 * @module
 */
import type { FastifyRequest } from 'fastify';
import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../../config/schema/api.ts';
import { ApiError } from '../problems.ts';

/** Fields that proxies add: whoever is behind one is not on this machine just because the proxy is. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'];
const CHANGES = ['POST', 'PUT', 'PATCH'];

/** Addresses and networks, ready to be asked. */
export class Networks {
  readonly #list = new BlockList();

  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [base = '', bits] = network.split('/');
      const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(base, family);
      else this.#list.addSubnet(base, Number(bits), family);
    }
  }

  has(address: string): boolean {
    return this.#list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}

export function addressOf(request: FastifyRequest): string {
  const address = request.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

/** Whether a request comes from this machine itself. */
export function isLocal(request: FastifyRequest): boolean {
  return isLoopback(addressOf(request)) && FORWARDED.every((name) => request.headers[name] === undefined);
}

/** @throws ApiError `DCR_API_NETWORK` */
export function assertNetwork(request: FastifyRequest, allowed: Networks | null): void {
  const address = addressOf(request);
  if (allowed === null || allowed.has(address)) return;
  throw new ApiError('DCR_API_NETWORK', `${address} is not in api.allow`);
}

/**
 * A page of anybody's may make a browser on this machine send requests to a name that its owner lets point here
 * (DNS rebinding): such a request names the page's host.
 *
 * @throws ApiError `DCR_API_MISDIRECTED`
 */
export function assertHost(request: FastifyRequest, names: readonly string[]): void {
  if (!isLoopback(addressOf(request))) return;
  const host = hostName(request.headers.host ?? '');
  if (host === 'localhost' || isIP(host) !== 0 || names.some((name) => name.toLowerCase() === host)) return;
  throw new ApiError('DCR_API_MISDIRECTED', `Host '${host}' is not this API's; use an address, or add it to api.hosts`);
}

/** Only pages of the API's own origin may ask. @throws ApiError `DCR_API_ORIGIN` */
export function assertOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  if (origin !== undefined && origin !== `${request.protocol}://${host ?? ''}`)
    throw new ApiError('DCR_API_ORIGIN', `requests from pages of ${origin.slice(0, 253)} are refused`);
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site')
    throw new ApiError('DCR_API_ORIGIN', 'requests from pages of other sites are refused');
}

/** A form of a web page can send other types without being asked first. @throws ApiError `DCR_API_MEDIA_TYPE` */
export function assertMediaType(request: FastifyRequest): void {
  if (!CHANGES.includes(request.method)) return;
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json')
    throw new ApiError('DCR_API_MEDIA_TYPE', 'send `Content-Type: application/json`, also without a body');
}

/** A Host field without its port and brackets, in lower case. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();
}
