/** Bounds of TLS settings in routes, each with its unit and the reason for its value. */
export const tlsLimits = {
  /** Characters of a file name: Linux's PATH_MAX. */
  fileNameCharsMax: 4_096,
  /** Characters of a passphrase: OpenSSL's PEM_BUFSIZE. */
  passphraseCharsMax: 1_024,
  /** Authorities of one trust list. */
  authoritiesMax: 1_000,
  /** Characters of an e-mail address, RFC 5321 §4.5.3.1 with errata 1690. */
  emailCharsMax: 254,
  /** Days before expiry at which renewal may start; no public certificate lives longer. */
  renewBeforeDaysMax: 398,
  /** Characters of an OpenSSL cipher list. */
  cipherListCharsMax: 8_192,
  /** Seconds a session may be resumed: 7 days, RFC 8446 §4.6.1. */
  sessionTimeoutSecondsMax: 604_800,
  /** Characters of a header name. */
  headerNameCharsMax: 128,
  /** Characters of a server name: the longest DNS name. */
  serverNameCharsMax: 253,
} as const;

/** Seconds a session may be resumed where a route does not say: the time that a ticket's key is current. */
export const SESSION_SECONDS = 86_400;
