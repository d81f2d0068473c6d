/** Bounds of the socket handlers that come with the package, each with its unit and the reason for its value. */
export const handlerLimits = {
  /** Bytes of a request head: as Node's own server. */
  headBytesMax: 16_384,
  /** Bytes of a request body that a function gets at once. */
  bodyBytesMax: 1_048_576,
  /** Milliseconds without traffic until a handler's connection is closed. */
  idleMs: 60_000,
  /** Bytes of one line; a client that never ends its line would fill the memory. */
  lineBytesMax: 65_536,
  /** Bytes of the request text that a response function sees. */
  requestTextBytesMax: 65_536,
  /** Milliseconds to connect to a handler's target. */
  connectMs: 30_000,
} as const;
