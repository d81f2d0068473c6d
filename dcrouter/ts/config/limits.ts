/** Bounds of what is warned about. */
export const suspicionLimits = {
  /** Warnings of one configuration: nobody reads more, and a broken zone must not fill the memory. */
  warningsMax: 100,
} as const;
