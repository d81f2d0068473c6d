/**
 * Reads a resolver's configuration.
 *
 * @module
 */
import { SocketAddress, isIP } from 'node:net';
import { DnsError } from '../errors/errors.ts';
import type { TClientSource } from '../interfaces/answers.ts';
import type { IUpstreamOptions, TUpstream } from '../interfaces/options.ts';
import type { IEndpoint } from '../transports/endpoint.ts';

const defaultPorts: Readonly<Record<TClientSource, number>> = { udp: 53, tcp: 53, tls: 853, https: 443, system: 53 };
const schemes = /^(udp|tcp|tls|https):\/\//;
/** RFC 8484 leaves the path open; this is what everybody uses. */
const defaultPath = '/dns-query';

/** A resolver ready to be asked. */
export interface IParsedUpstream {
  readonly protocol: TClientSource;
  readonly endpoint: IEndpoint;
}

/**
 * Checks and completes a resolver's configuration.
 *
 * @throws DnsError `EBADOPTION` with the reason
 */
export function parseUpstream(upstream: TUpstream): IParsedUpstream {
  const options = typeof upstream === 'string' ? optionsFromString(upstream) : upstream;
  const { protocol } = options;
  if (defaultPorts[protocol] === undefined) throw bad(String(protocol), 'unknown protocol');
  const host = canonicalHost(options.host ?? '');
  const port = options.port ?? defaultPorts[protocol];
  const label = typeof upstream === 'string' ? upstream : labelOf(protocol, host, port, options.path);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw bad(label, 'port is not 1 to 65535');
  if (protocol !== 'system' && host === '') throw bad(label, 'no host');
  if (protocol === 'udp' && isIP(host) === 0) throw bad(label, 'a UDP resolver is given by its IP address');
  const addresses = options.addresses ?? [];
  for (const address of addresses) {
    if (isIP(address) === 0) throw bad(label, `'${address}' is not an IP address`);
  }
  return {
    protocol,
    endpoint: {
      label,
      host,
      port,
      addresses,
      servername: options.servername ?? host,
      path: options.path ?? defaultPath,
      method: options.method ?? 'POST',
      ca: options.ca,
      rejectUnauthorized: options.rejectUnauthorized ?? true,
    },
  };
}

function optionsFromString(text: string): IUpstreamOptions {
  if (text === 'system') return { protocol: 'system' };
  if (isIP(text) !== 0) return { protocol: 'udp', host: text };
  const spelled = schemes.test(text) ? text : `udp://${text}`;
  let url: URL;
  try {
    // 'https' parses every scheme alike, with its own default port only where we would take it too.
    url = new URL(spelled.replace(schemes, 'https://'));
  } catch (error) {
    throw new DnsError('EBADOPTION', { note: `'${text}' is not a resolver address`, cause: error });
  }
  const protocol = (schemes.exec(spelled)?.[1] ?? 'udp') as TClientSource;
  if (url.username !== '' || url.password !== '') throw bad(text, 'a user name has no place here');
  const explicit = /:(\d+)(?:[/?#]|$)/.exec(spelled.slice(spelled.indexOf('://') + 3).replace(/^\[[^\]]*\]/, ''));
  const options: { -readonly [key in keyof IUpstreamOptions]: IUpstreamOptions[key] } = {
    protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: explicit === null ? undefined : Number(explicit[1]),
  };
  if (url.hash !== '') options.servername = url.hash.slice(1);
  if (protocol === 'https') options.path = url.pathname === '/' ? undefined : url.pathname + url.search;
  else if (url.pathname !== '/' || url.search !== '') throw bad(text, 'only an https resolver has a path');
  return options;
}

/** Addresses in the spelling in which the kernel reports them, so that senders can be compared. */
function canonicalHost(host: string): string {
  const family = isIP(host);
  if (family === 0 || host.includes('%')) return host;
  return new SocketAddress({ address: host, family: family === 6 ? 'ipv6' : 'ipv4' }).address;
}

function labelOf(protocol: TClientSource, host: string, port: number, path: string | undefined): string {
  if (protocol === 'system') return 'system';
  const spelled = host.includes(':') ? `[${host}]` : host;
  return `${protocol}://${spelled}:${port}${protocol === 'https' ? (path ?? defaultPath) : ''}`;
}

function bad(label: string, reason: string): DnsError {
  return new DnsError('EBADOPTION', { note: `resolver '${label}': ${reason}` });
}
