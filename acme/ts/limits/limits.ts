/**
 * Every bound and time-out of the ACME client, with unit and reason.
 *
 * @module
 */

/** One HTTP request to the CA, connection included. CAs answer within seconds; half a minute covers a slow one. */
export const requestTimeoutMs = 30_000;
/** Largest answer that is read. A certificate chain with four RSA certificates is about 10 KiB. */
export const bodyBytesMax = 1_048_576;
/** Attempts per signed request when the CA answers badNonce (RFC 8555 §6.5); test CAs refuse half of them on purpose. */
export const nonceAttemptsMax = 24;
/** Replay nonces kept for later requests; more would be stale before use. */
export const noncesKeptMax = 8;
/** Connections to one CA at a time. */
export const connectionsMax = 4;
/** A directory is read again after this time: CAs change it rarely, and a long-lived process must notice. */
export const directoryLifeMs = 3_600_000;

/** Names in one order. Let's Encrypt and most others refuse more. */
export const namesPerOrderMax = 100;
/** Challenges per authorization that are looked at; CAs offer three. */
export const challengesPerAuthorizationMax = 16;
/** Alternate chains that are followed (RFC 8555 §7.4.2); Let's Encrypt has offered at most three. */
export const alternateChainsMax = 8;
/** Certificates in one chain that are read. */
export const chainCertificatesMax = 16;

/** First pause between two looks at an authorization or order when the CA names none. */
export const pollIntervalMs = 400;
/** Shortest pause, whatever the CA names: a Retry-After of 0 must not become a busy loop. */
export const pollIntervalMsMin = 250;
/** Longest pause between two looks while the deadline is not reached. */
export const pollIntervalMsMax = 15_000;
/** Factor between two pauses. */
export const pollIntervalGrowth = 1.5;
/** One whole order: challenges presented, validated, certificate in hand. CAs validate within a minute or never. */
export const orderDeadlineMs = 300_000;
/** Giving pending authorizations back after a failure; the failure is not reported before. */
export const giveBackTimeoutMs = 5_000;
/** Longest Retry-After that is believed; past it the CA is taken to mean "not today". */
export const retryAfterMsMax = 7 * 86_400_000;

/** Validity of a tls-alpn-01 certificate: it lives as long as one order, and clocks differ. */
export const challengeCertificateLifeMs = 7 * 86_400_000;
/** Certificates that we sign start this long in the past, for clients whose clock is behind. */
export const clockSkewMs = 3_600_000;
/** Default validity of a self-signed certificate. */
export const selfSignedLifeDays = 365;
/** Default validity of an authority made in memory. */
export const authorityLifeDays = 3_650;

/** Renewal starts when this share of the lifetime is left, or at the configured days when that is later. */
export const renewalLifetimeShare = 1 / 3;
/** Spread of renewals, as a share of the time between the renewal point and expiry, so that a fleet does not come at once. */
export const renewalJitterShare = 0.1;
/** Renewal information (RFC 9773 §4.3.2) is asked for again after this time when the CA names none. */
export const renewalInfoIntervalMs = 6 * 3_600_000;
/** RFC 9773 §4.3.2: clients bound the CA's Retry-After for renewal information; one minute to one day. */
export const renewalInfoIntervalMsMin = 60_000;
/** See {@link renewalInfoIntervalMsMin}. */
export const renewalInfoIntervalMsMax = 86_400_000;

/** First retry when the CA could not be reached: outages are short. */
export const unreachableRetryMs = 30_000;
/** Longest pause while the CA cannot be reached. */
export const unreachableRetryMsMax = 3_600_000;
/** First retry when the CA refused: Let's Encrypt allows five failed validations per name and hour. */
export const refusedRetryMs = 300_000;
/** Longest pause after refusals. */
export const refusedRetryMsMax = 86_400_000;
/** Retries are spread by this share up and down. */
export const retryJitterShare = 0.2;

/** Longest text of a CA's problem that is repeated in our messages. */
export const problemTextLengthMax = 500;
/** Sub-problems (RFC 8555 §6.7.1) that are kept. */
export const subproblemsMax = 100;
