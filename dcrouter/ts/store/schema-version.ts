/** The schema that this release writes. */
export const SCHEMA_VERSION = 1;
