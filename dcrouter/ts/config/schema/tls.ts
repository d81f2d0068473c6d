/**
 * TLS of routes: whose certificate a client sees, what it must show itself, and how the target is checked.
 *
 * @module
 */
import { z } from 'zod';
import { count, file, oneOrMore, pem, port, secret, secretPem, text, tlsVersion } from './common.ts';

/** A certificate as PEM text or as files. */
export const givenCertificate = z
  .strictObject({
    key: secretPem.optional().describe('Private key, PEM.'),
    cert: pem.optional().describe('Certificate chain, leaf first, PEM.'),
    ca: pem.optional().describe('Further certificates of the chain, PEM.'),
    keyFile: file.optional().describe('File with the private key, PEM; instead of `key`.'),
    certFile: file.optional().describe('File with the chain, leaf first, PEM; instead of `cert`.'),
    caFile: file.optional().describe('File with further certificates of the chain; instead of `ca`.'),
    passphrase: secret(1_024).optional().describe('Of an encrypted key.'),
    ocspFile: file
      .optional()
      .describe("File with the authority's OCSP response for the leaf, DER, stapled for clients that ask."),
  })
  .superRefine((value, context) => {
    for (const name of ['key', 'cert'] as const) {
      if ((value[name] === undefined) !== (value[`${name}File`] === undefined)) continue;
      const fault = value[name] === undefined ? 'has neither' : 'has both';
      context.addIssue({ code: 'custom', message: `${fault} ${name} and ${name}File; expected exactly one of them` });
    }
  })
  .meta({ id: 'certificate' });

export const certificate = z.union([z.enum(['auto', 'self-signed']), givenCertificate]);

const acme = z.strictObject({
  email: z.email().optional().describe('Of the account.'),
  useProduction: z.boolean().optional().describe('Certificates that browsers trust.'),
  challengePort: port.optional().describe('Port on which http-01 challenges are answered.'),
  renewBeforeDays: count(398, 1).optional().describe('Days before expiry at which renewal starts.'),
  challenge: z
    .enum(['http-01', 'tls-alpn-01', 'dns-01'])
    .optional()
    .describe('The only challenge to ask for; default: what fits. `dns-01` needs the zone in `dns.zones`.'),
});

const clientAuth = z
  .strictObject({
    mode: z
      .enum(['request', 'require'])
      .describe('`require` refuses clients without a valid certificate, `request` lets them in unauthenticated.'),
    ca: oneOrMore(pem).optional().describe('Authorities whose certificates are accepted, PEM.'),
    caFile: file.optional().describe('File with these authorities; instead of `ca`.'),
    subjectHeader: text(128)
      .optional()
      .describe("Request header that carries the subject of the client's certificate to the target."),
  })
  .superRefine((value, context) => {
    if ((value.ca === undefined) !== (value.caFile === undefined)) return;
    context.addIssue({ code: 'custom', message: 'expected exactly one of ca and caFile' });
  });

const backend = z.strictObject({
  rejectUnauthorized: z.boolean().optional().describe("Whether the target's certificate must be valid; default true."),
  ca: oneOrMore(pem).optional().describe("Authorities to trust instead of the system's, PEM."),
  caFile: file.optional().describe('File with these authorities; instead of `ca`.'),
  servername: text(253).optional().describe("SNI and name to check; default the target's host."),
  cert: pem.optional().describe('Client certificate for the target, PEM.'),
  certFile: file.optional().describe('File with it; instead of `cert`.'),
  key: secretPem.optional().describe('Key of the client certificate, PEM.'),
  keyFile: file.optional().describe('File with it; instead of `key`.'),
  minVersion: tlsVersion.optional().describe('Lowest version offered.'),
  maxVersion: tlsVersion.optional().describe('Highest version offered.'),
});

export const routeTls = z
  .strictObject({
    mode: z
      .enum(['passthrough', 'terminate', 'terminate-and-reencrypt'])
      .describe('Whether TLS goes through untouched, ends here, or ends here and begins anew towards the target.'),
    certificate: certificate
      .optional()
      .describe('`auto`: by ACME; `self-signed`: made at start; or given. Default: the certificate of `proxy.tls`.'),
    acme: acme.optional().describe('In place of the settings of `proxy.acme`.'),
    versions: z.array(tlsVersion).min(1).max(2).optional().describe('Accepted versions; default both.'),
    ciphers: text(8_192).optional().describe('OpenSSL cipher list.'),
    honorCipherOrder: z.boolean().optional().describe("Our order of ciphers counts, not the client's; default true."),
    sessionTimeout: count(604_800).optional().describe('Seconds a session may be resumed; default 86400.'),
    clientAuth: clientAuth.optional().describe('Certificates asked of clients.'),
    backend: backend.optional().describe('TLS to the target, with `terminate-and-reencrypt`.'),
  })
  .meta({ id: 'routeTls' });

export type TRouteTlsConfig = z.output<typeof routeTls>;
export type TGivenCertificate = z.output<typeof givenCertificate>;
