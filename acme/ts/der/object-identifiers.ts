/**
 * Object identifiers that we write or look for, with where they are defined.
 *
 * @module
 */

export const objectIdentifier = {
  /** RFC 5280 appendix A.1, id-at-commonName. */
  commonName: '2.5.4.3',
  /** RFC 2985 §5.4.2, extensionRequest. */
  extensionRequest: '1.2.840.113549.1.9.14',
  /** RFC 5280 §4.2.1.2. */
  subjectKeyIdentifier: '2.5.29.14',
  /** RFC 5280 §4.2.1.3. */
  keyUsage: '2.5.29.15',
  /** RFC 5280 §4.2.1.6. */
  subjectAltName: '2.5.29.17',
  /** RFC 5280 §4.2.1.9. */
  basicConstraints: '2.5.29.19',
  /** RFC 5280 §4.2.1.1. */
  authorityKeyIdentifier: '2.5.29.35',
  /** RFC 5280 §4.2.1.12. */
  extendedKeyUsage: '2.5.29.37',
  /** RFC 5280 §4.2.1.12, id-kp-serverAuth. */
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  /** RFC 5280 §4.2.1.12, id-kp-clientAuth. */
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
  /** RFC 8737 §3, id-pe-acmeIdentifier. */
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
  /** RFC 5758 §3.2. */
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  /** RFC 5758 §3.2. */
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  /** RFC 4055 §5. */
  sha256WithRsa: '1.2.840.113549.1.1.11',
} as const;
