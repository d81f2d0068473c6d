/** Bounds of redirects. */
export const redirectLimits = {
  /** Different redirects whose functions are kept; past it they are made anew, which only costs a comparison. */
  handlersMax: 10_000,
} as const;
