/** Every bound and time-out of the process's life, with unit and reason. */
export const processLimits = {
  /** Sockets taken from systemd or from the process before; systemd itself stops at its own limit of descriptors. */
  inheritedMax: 1_024,
  /** Milliseconds a successor has to say that it serves: reading the configuration and certificates, opening the store. */
  readyMs: 30_000,
  readyMsMax: 600_000,
  /** Milliseconds the old process may take for what it began; nobody waits for it, the successor serves. */
  handOverDrainMs: 60_000,
  drainMsMax: 86_400_000,
  /** Milliseconds in which an idle client connection of the old process may send one more request. */
  idleGraceMs: 5_000,
  /** Milliseconds between "not ready" and the end of listening, for load balancers that ask now and then. */
  drainDelayMsMax: 600_000,
  /** Old processes that still drain; each costs the memory of a process. */
  drainingMax: 4,
  /** Milliseconds between a first and a second signal: a terminal and a parent may both send the first one. */
  secondSignalMs: 1_000,
  /** Milliseconds for one message to systemd. */
  notifyMs: 5_000,
  /** The watchdog is told twice in its period, as sd_watchdog_enabled(3) recommends. */
  watchdogShare: 2,
  /** Descriptors beside those of connections: listeners, store, logs, pooled targets of idle clients. */
  descriptorsReserved: 256,
  /** Connections of the proxy at once, its own default. */
  proxyConnections: 10_000,
  /** Descriptors of one proxied connection: the client's and the target's. */
  descriptorsPerConnection: 2,
  /** Milliseconds that one turn of the event loop may take before `/livez` says no. */
  loopTurnMs: 5_000,
} as const;
