/** Bounds of the proxy's options, each with its unit and the reason for its value. */
export const optionLimits = {
  /** Milliseconds of any timer: above, Node's timers fire at once (2^31 − 1). */
  timerMsMax: 2_147_483_647,
  /** Open connections; a process has no more file descriptors than this. */
  connectionsMax: 10_000_000,
  /** Bytes held for a client while its target connects; more would be a tool against the memory. */
  pendingBytesMax: 1_073_741_824,
  /** Factor of the extended keep-alive treatment. */
  multiplierMax: 1_000_000,
  /** Entries of `proxyIPs`. */
  proxyIpsMax: 100_000,
  /** Ports of `useHttpProxy`. */
  httpProxyPortsMax: 10_000,
  /** Hours between looks at certificates: 2^31 − 1 milliseconds are 596. */
  renewCheckHoursMax: 596,
  /** Days before expiry at which renewal may start. */
  renewDaysMax: 398,
  /** Seconds of sampled metrics. */
  retentionSecondsMax: 86_400,
} as const;
