/**
 * A zone with every case that signing has to prove.
 *
 * @module
 */
import { ZoneSigner } from '../../../ts_server/dnssec/index.ts';
import type { IZoneSignerOptions } from '../../../ts_server/dnssec/index.ts';
import { Zone } from '../../../ts_server/zone/index.ts';

const text = `$TTL 600
@ SOA ns1 host 1 1h 15m 1w 5m
@ NS ns1
@ MX 10 mail
ns1 A 127.0.0.1
@ A 192.0.2.1
www A 192.0.2.2
www A 192.0.2.3
txt TXT "hello" "world"
mail AAAA 2001:db8::1
alias CNAME www
chain CNAME alias
wcalias CNAME foo.wild
toinsecure CNAME host.insecure
out CNAME www.example.org.
*.wild A 192.0.2.4
*.wild TXT wild
*.wc CNAME www
a.b.ent A 192.0.2.5
dn DNAME sub2
x.sub2 A 192.0.2.6
insecure NS ns.insecure
ns.insecure A 127.0.0.1
secure NS ns1
secure DS 12345 13 2 2BB183AF5F22588179A53B0A98631FAD1A29211898631FAD1A29211898631FAD
https HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1
srv SRV 1 2 3 WWW
dot\\.ted A 192.0.2.7
`;

/** Questions of that zone; `@` is the apex. */
export const questions: ReadonlyArray<readonly [prefix: string, type: string]> = [
  ['@', 'SOA'],
  ['@', 'DNSKEY'],
  ['@', 'CDS'],
  ['@', 'CDNSKEY'],
  ['@', 'AAAA'],
  ['www', 'A'],
  ['www', 'AAAA'],
  ['chain', 'A'],
  ['wcalias', 'A'],
  ['foo.wild', 'A'],
  ['foo.bar.wild', 'TXT'],
  ['foo.wild', 'MX'],
  ['*.wild', 'A'],
  ['x.wc', 'A'],
  ['b.ent', 'A'],
  ['nope', 'A'],
  ['a.nope.www', 'A'],
  ['x.dn', 'A'],
  ['y.dn', 'A'],
  ['insecure', 'DS'],
  ['secure', 'DS'],
  ['srv', 'SRV'],
  ['https', 'HTTPS'],
];

export interface ISignedZone {
  zone: Zone;
  signer: ZoneSigner;
}

export async function makeSignedZone(options: Omit<IZoneSignerOptions, 'zone'>): Promise<ISignedZone> {
  const zone = Zone.fromText(text, { origin: options.origin });
  return { zone, signer: await ZoneSigner.open({ ...options, zone }) };
}
