/**
 * Bounds of zones, with unit and reason.
 *
 * @module
 */

/** Zones of one server. */
export const zonesMax = 100_000;
/** Records of one zone: about 1 GB of memory. */
export const zoneRecordsMax = 2_000_000;
/** Records of one RRset: more than this never fits into a message. */
export const rrsetRecordsMax = 2_000;
/** Names looked up for one question: the name itself and the aliases it leads to. */
export const zoneAliasHopsMax = 8;
/** Errors kept of one rejected change; the first ones are those that matter. */
export const zoneErrorsKept = 20;
