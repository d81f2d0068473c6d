/**
 * Questions outside our zones, passed on to other servers for clients that may ask for that.
 *
 * @module
 */
import { BlockList, isIPv6 } from 'node:net';
import { Forwarder, type ClientStats, type IForwarderOptions } from '#client';
import { extendedErrors, rcodes } from '#wire';
import type { Exchange } from './exchange.ts';
import { DnsResponse } from './response.ts';

export interface IForwardingOptions extends IForwarderOptions {
  /**
   * Addresses and networks (`10.0.0.0/8`) that may have names resolved; default loopback and private ones, so that
   * nobody runs an open resolver by accident (RFC 5358).
   */
  allowFrom?: readonly string[];
}

/** Loopback, RFC 1918, RFC 3927, RFC 4193, RFC 4291 link-local. */
const privateNetworks = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1',
  'fc00::/7',
  'fe80::/10',
];
const mappedPrefix = '::ffff:';

export class Forwarding {
  readonly #options: IForwardingOptions;
  #forwarder: Forwarder;
  #destroyed = false;
  readonly #allowed = new BlockList();

  /** @throws DnsError for options that no forwarder can have, TypeError for a network that is none */
  constructor(options: IForwardingOptions) {
    this.#options = options;
    this.#forwarder = new Forwarder(options);
    for (const entry of options.allowFrom ?? privateNetworks) {
      const [address = '', bits] = entry.split('/', 2);
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) {
        this.#allowed.addAddress(address, family);
      } else {
        this.#allowed.addSubnet(address, Number(bits), family);
      }
    }
  }

  /** Opens again after `destroy`; cache and counters start anew. */
  open(): void {
    if (this.#destroyed) {
      this.#destroyed = false;
      this.#forwarder = new Forwarder(this.#options);
    }
  }

  /** Counters of what was asked elsewhere. */
  get stats(): ClientStats {
    return this.#forwarder.stats;
  }

  /** Whether a client may have names resolved; the RA bit of its answers (RFC 1035 §4.1.1). */
  serves(clientIp: string): boolean {
    const address = clientIp.startsWith(mappedPrefix) ? clientIp.slice(mappedPrefix.length) : clientIp;
    return this.#allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /** The answer of the servers asked; SERVFAIL when none of them gave one. */
  async resolve(exchange: Exchange): Promise<DnsResponse> {
    try {
      const resolution = await this.#forwarder.forward(exchange.domain, exchange.typeNumber, {
        dnssec: exchange.dnssecOk,
        checkingDisabled: exchange.checkingDisabled,
      });
      const { rcode, answers, authorities } = resolution;
      const response = new DnsResponse(rcodes[rcode], false, [...answers], [...authorities]);
      response.recursionAvailable = true;
      // RFC 6840 §5.8: AD only for clients that asked for it by DO or AD.
      response.authenticated = resolution.authenticated && (exchange.dnssecOk || exchange.authenticatedDesired);
      response.cached = resolution.cached;
      response.dnssec = answers.some(({ type }) => type === 'RRSIG');
      return response;
    } catch (error) {
      const response = DnsResponse.failed(rcodes.SERVFAIL, 'upstream', error);
      response.recursionAvailable = true;
      response.extendedError = extendedErrors.NO_REACHABLE_AUTHORITY;
      return response;
    }
  }

  destroy(): void {
    this.#destroyed = true;
    this.#forwarder.destroy();
  }
}
