/** Bounds of the PROXY protocol, each with its unit and the reason for its value. */
export const proxyProtocolLimits = {
  /** Bytes of a version 1 line with its CRLF: the longest that the specification allows (§2.1). */
  v1BytesMax: 107,
  /** Bytes of a version 2 header; addresses take 52, the rest is TLVs such as a client certificate's names. */
  v2BytesMax: 4_096,
  /** TLVs of one header. */
  tlvsMax: 64,
  /** Milliseconds until a trusted peer must have sent its header. */
  readTimeoutMs: 5_000,
} as const;
