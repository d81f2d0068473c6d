/** Bounds of WebSockets, each with its unit and the reason for its value. */
export const webSocketLimits = {
  /** Milliseconds that a client may take to answer a ping: three lost packets on a slow mobile link. */
  pongMs: 10_000,
} as const;
