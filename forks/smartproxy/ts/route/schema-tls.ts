/**
 * What the TLS fields of a route may hold.
 *
 * @module
 */
import { PORT_MAX } from './ports.ts';
import {
  all,
  boolean,
  either,
  integer,
  isRecord,
  isString,
  list,
  object,
  oneOf,
  oneOrMore,
  parsed,
  required,
  text,
  type TRule,
} from '../validation/rules.ts';
import { tlsLimits } from '../limits/tls-config.ts';
import { ownHeaderRule } from './schema-values.ts';

const pem = parsed((value) => value.includes('-----BEGIN '), 'PEM text (it contains "-----BEGIN ")');
const file = text(tlsLimits.fileNameCharsMax);
const version = oneOf('TLSv1.2', 'TLSv1.3');

const ocspRule: TRule = (value, field, report) => {
  if (value === undefined || typeof value === 'function' || (value instanceof Uint8Array && value.length > 0)) return;
  report(
    'ROUTE_BAD_VALUE',
    field,
    'is no OCSP response; expected DER bytes (Uint8Array) or a function that gives them',
  );
};

const certificateRule: TRule = all(
  object({
    key: pem,
    cert: pem,
    ca: pem,
    keyFile: file,
    certFile: file,
    passphrase: text(tlsLimits.passphraseCharsMax, 0),
    ocsp: ocspRule,
  }),
  (value, field, report) => {
    if (!isRecord(value)) return;
    for (const name of ['key', 'cert']) {
      const given = [name, `${name}File`].filter((key) => value[key] !== undefined);
      if (given.length === 1) continue;
      const fault = given.length === 0 ? 'has neither' : 'has both';
      report('ROUTE_CONFLICT', field, `${fault} ${name} and ${name}File; expected exactly one of them`);
    }
  },
);

/** What may stand for a certificate, on a route and in the options. */
export const certificateChoiceRule: TRule = either(
  '"auto", "self-signed" or { key, cert }',
  [isString, oneOf('auto', 'self-signed')],
  [isRecord, certificateRule],
);

/** Members that mean something only where TLS ends. */
const PASSED_BY = 'certificate acme versions ciphers honorCipherOrder sessionTimeout clientAuth backend'.split(' ');

const authorities = oneOrMore(pem, tlsLimits.authoritiesMax);

export const tlsRule: TRule = all(
  object({
    mode: required(oneOf('passthrough', 'terminate', 'terminate-and-reencrypt')),
    certificate: certificateChoiceRule,
    acme: object({
      email: text(tlsLimits.emailCharsMax),
      useProduction: boolean,
      challengePort: integer(1, PORT_MAX),
      renewBeforeDays: integer(1, tlsLimits.renewBeforeDaysMax, 'days'),
      challenge: oneOf('http-01', 'tls-alpn-01', 'dns-01'),
    }),
    versions: list(version, 1, 2),
    ciphers: text(tlsLimits.cipherListCharsMax),
    honorCipherOrder: boolean,
    sessionTimeout: integer(0, tlsLimits.sessionTimeoutSecondsMax, 'seconds'),
    clientAuth: object({
      mode: required(oneOf('request', 'require')),
      ca: required(authorities),
      subjectHeader: all(text(tlsLimits.headerNameCharsMax), ownHeaderRule),
    }),
    backend: object({
      rejectUnauthorized: boolean,
      ca: authorities,
      servername: text(tlsLimits.serverNameCharsMax),
      cert: pem,
      key: pem,
      minVersion: version,
      maxVersion: version,
    }),
  }),
  (value, field, report) => {
    if (!isRecord(value)) return;
    if (value.mode === 'passthrough') {
      for (const key of PASSED_BY) {
        if (value[key] === undefined) continue;
        report('ROUTE_CONFLICT', `${field}.${key}`, 'has no effect: mode "passthrough" does not decrypt; remove it');
      }
    }
    if (value.mode === 'terminate' && value.backend !== undefined) {
      report('ROUTE_CONFLICT', `${field}.backend`, 'has no effect: use mode "terminate-and-reencrypt" or remove it');
    }
  },
);
