/**
 * The system's structures for many datagrams per call, as 64-bit Linux lays them out: `struct mmsghdr`, `struct iovec`,
 * `struct sockaddr_in` and `sockaddr_in6`. Little-endian machines only.
 *
 * @module
 */

/** `struct mmsghdr`: a `struct msghdr` of 56 octets, the length of the message, padding. */
export const messageHeaderBytes = 64;
export const nameAt = 0;
export const nameLengthAt = 8;
export const vectorAt = 16;
export const vectorCountAt = 24;
/** The same in 32-bit words. */
export const messageHeaderWords = 16;
export const messageLengthWord = 14;

/** `struct iovec`: address and length. */
export const vectorBytes = 16;
export const vectorLengthAt = 8;
export const vectorWords = 4;
export const vectorLengthWord = 2;

/** Room for either address: `sockaddr_in` has 16 octets, `sockaddr_in6` 28. */
export const addressBytes = 32;
export const address4Length = 16;
export const address6Length = 28;
/** Port and address in them, in network order. */
export const portAt = 2;
export const ipv4At = 4;
export const flowAt = 4;
export const ipv6At = 8;
export const mappedAt = 20;
export const scopeAt = 24;

/** Constants of <sys/socket.h> on x86-64 and arm64. */
export const familyInet = 2;
export const familyInet6 = 10;
/** SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC. */
export const socketType = 0x0008_0802;
export const levelSocket = 1;
export const optionReceiveBuffer = 8;
export const optionReusePort = 15;
export const flagDontWait = 0x40;
