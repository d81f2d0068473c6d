/**
 * Bounds of configuration, each with its unit and the reason for its value.
 *
 * @module
 */

/** What is warned about. */
export const suspicionLimits = {
  /** Warnings of one configuration: nobody reads more, and a broken zone must not fill the memory. */
  warningsMax: 100,
} as const;

/** What is read. */
export const fileLimits = {
  /** Bytes of a document: 10,000 routes have some 5 MB. */
  documentBytesMax: 67_108_864,
  /** Bytes of a file with certificates: trust stores have some 250 kB. */
  pemBytesMax: 4_194_304,
  /** Bytes of a file with a secret: whoever names a larger one named the wrong file. */
  secretBytesMax: 65_536,
  /** Bytes of a master file; the whole of it is held in memory. */
  zoneBytesMax: 67_108_864,
} as const;

/** Documents that include others. */
export const includeLimits = {
  /** Files below files: deeper nesting is a mistake more often than a wish. */
  depthMax: 8,
  /** Files of one configuration. */
  filesMax: 1_000,
} as const;

/** What is told about a document that is wrong. */
export const problemLimits = {
  /** Problems told one by one; the others are counted. */
  shownMax: 50,
} as const;
