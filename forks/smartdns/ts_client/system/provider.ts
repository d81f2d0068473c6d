/**
 * Which name servers this process uses for the system's resolution.
 *
 * @module
 */
import dns from 'node:dns';
import { DnsError } from '../errors/errors.ts';

export type TDnsProvider = 'google' | 'cloudflare';

/** Addresses as the providers publish them (developers.google.com/speed/public-dns, developers.cloudflare.com/1.1.1.1). */
const providerServers: Readonly<Record<TDnsProvider, readonly string[]>> = {
  google: ['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844'],
  cloudflare: ['1.1.1.1', '1.0.0.1', '2606:4700:4700::1111', '2606:4700:4700::1001'],
};

let chosenServers: readonly string[] | undefined;

/**
 * Makes the whole process use a public DNS provider: Node's `dns.resolve…()` functions and this library's system
 * look-ups. Node's own `dns.lookup()` asks the operating system and cannot be redirected.
 *
 * @throws DnsError `EBADOPTION` for an unknown provider
 */
export function makeNodeProcessUseDnsProvider(providerArg: TDnsProvider): void {
  const servers = providerServers[providerArg];
  if (servers === undefined)
    throw new DnsError('EBADOPTION', { note: `unknown DNS provider '${String(providerArg)}'` });
  // setServers() acts on the resolver behind both the default and the named exports of node:dns and node:dns/promises.
  dns.setServers(servers);
  chosenServers = servers;
}

/** The servers of the chosen provider; `undefined` while the process uses the machine's own. */
export function providerChoice(): readonly string[] | undefined {
  return chosenServers;
}

/** The name servers that Node uses: the machine's, or what was set with `dns.setServers()`. */
export function nodeServers(): readonly string[] {
  return dns.getServers();
}
