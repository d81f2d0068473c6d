/**
 * Every bound of the wire codec, with unit and reason.
 *
 * @module
 */

/** Bytes of the fixed message header (RFC 1035 §4.1.1). */
export const headerBytes = 12;

/** Most bytes of one message: TCP's length prefix has 16 bits (RFC 1035 §4.2.2). */
export const messageBytesMax = 65_535;

/** Most bytes of one UDP answer to a client without EDNS (RFC 1035 §4.2.1). */
export const plainUdpBytesMax = 512;

/** Most bytes of a name on the wire, length bytes and root label included (RFC 1035 §3.1). */
export const nameBytesMax = 255;

/** Most bytes of one label (RFC 1035 §3.1). */
export const labelBytesMax = 63;

/** Most labels of a name, root not counted: 127 labels of one byte fill 255 bytes. */
export const labelsMax = 127;

/** Highest offset that a 14-bit compression pointer reaches (RFC 1035 §4.1.4). */
export const pointerOffsetMax = 0x3fff;

/** Most bytes of one character-string (RFC 1035 §3.3). */
export const characterStringBytesMax = 255;

/** Most bytes of the data of one record. */
export const recordDataBytesMax = 65_535;

/** Highest TTL in seconds (RFC 2181 §8); higher ones are capped to this (RFC 8767 §4). */
export const ttlMax = 2_147_483_647;

/**
 * Most questions that are decoded. One is the only count in use (RFC 9619); the room above it lets tools read what
 * others send, without letting 64 KiB of root questions become 13,000 objects.
 */
export const questionsMax = 64;

/** Most records of one message: the smallest record has 11 bytes, so 65,535 bytes hold fewer than this. */
export const recordsMax = 6_000;

/**
 * Most labels of all names of one message, those reached through pointers counted each time. Honest messages of 64 KiB
 * stay under 150,000 even when every name is one of `ip6.arpa`; without a bound a packet could cost 50 ms.
 */
export const messageLabelsMax = 200_000;

/** Most EDNS options of one OPT record; the registry has some twenty. */
export const ednsOptionsMax = 64;

/** Slots of the compression table of a writer; a power of two. Full means worse compression, not failure. */
export const compressionSlots = 1_024;

/** Slots looked at for one suffix before compression gives up on it. */
export const compressionProbesMax = 8;

/** Most bytes of one line, continuation lines included, in a master file: one record of 64 KiB as `\DDD` escapes. */
export const zoneEntryCharactersMax = 300_000;

/** Most characters of a master file handed over as one string: a million records of ordinary size. */
export const zoneTextCharactersMax = 256 * 1024 * 1024;

/** Most nested `$INCLUDE` files. */
export const zoneIncludesNestedMax = 8;

/** Most errors that reading a master file collects before it gives up. */
export const zoneErrorsMax = 100;

/** Most records that one `$GENERATE` line may make. */
export const zoneGenerateMax = 65_536;
