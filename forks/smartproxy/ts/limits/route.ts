/** Bounds of route configuration and matching, each with its unit and the reason for its value. */
export const routeLimits = {
  /** Routes in one table: compile time and memory stay below a second and some 50 MB. */
  routesMax: 100_000,
  /** Different ports over all routes; each is a listening socket. */
  portsMax: 10_000,
  /** Domain patterns of one route. */
  domainsPerRouteMax: 10_000,
  /** Targets of one route. */
  targetsPerRouteMax: 1_000,
  /** Characters of a name; it becomes a label of metrics and log lines. */
  nameCharsMax: 128,
  /** Characters of a domain pattern: the longest DNS name, RFC 1035 §2.3.4. */
  domainCharsMax: 253,
  /** Characters of a path pattern; longer targets are refused by the HTTP engine anyway. */
  pathCharsMax: 8_192,
  /** Characters of a header name or of a text to compare with. */
  headerCharsMax: 8_192,
  /** Routes that a bucket may hold until paths are looked up by hash instead of in order. */
  linearBucketMax: 8,
  /** Highest share of a target among others of its priority. */
  weightMax: 1_000,
  /** Characters of an offered value that an error message repeats. */
  messageValueCharsMax: 80,
  /** Problems listed in one error; a broken generator would otherwise fill the log. */
  problemsMax: 50,
} as const;
