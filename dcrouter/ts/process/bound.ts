/**
 * Where sockets are bound, from the system's tables: without touching the sockets, which accept as soon as Node has them.
 *
 * @module
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { canonical } from './sockets.ts';

export interface IBound {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

const tables = [
  { file: '/proc/self/net/tcp', protocol: 'tcp' },
  { file: '/proc/self/net/tcp6', protocol: 'tcp' },
  { file: '/proc/self/net/udp', protocol: 'udp' },
  { file: '/proc/self/net/udp6', protocol: 'udp' },
] as const;

/** State of a listening TCP socket in the tables (TCP_LISTEN). */
const listening = '0A';
const addressColumn = 1;
const stateColumn = 3;
const inodeColumn = 9;
const wordBytes = 4;

/**
 * What each of the descriptors is bound to; those that are no listening TCP or bound UDP socket of this network
 * namespace are missing, and so is everything on systems without these tables.
 */
export function boundSockets(fds: readonly number[]): Map<number, IBound> {
  const byInode = new Map<string, number>();
  for (const fd of fds) {
    const inode = inodeOf(fd);
    if (inode !== undefined) byInode.set(inode, fd);
  }
  const found = new Map<number, IBound>();
  for (const { file, protocol } of byInode.size === 0 ? [] : tables) {
    for (const line of linesOf(file)) {
      const columns = line.trim().split(/\s+/);
      const fd = byInode.get(columns[inodeColumn] ?? '');
      if (fd === undefined || (protocol === 'tcp' && columns[stateColumn] !== listening)) continue;
      const [address = '', port = ''] = (columns[addressColumn] ?? '').split(':');
      found.set(fd, { protocol, address: addressOf(address), port: Number.parseInt(port, 16) });
    }
  }
  return found;
}

function inodeOf(fd: number): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n').slice(1);
  } catch {
    // IPv6 may be off, and other systems have no such tables: sockets are then matched by name.
    return [];
  }
}

/** The tables show each 32-bit word as a number of the machine's own byte order. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE')
    for (let at = 0; at < bytes.length; at += wordBytes) bytes.subarray(at, at + wordBytes).reverse();
  if (bytes.length === wordBytes) return bytes.join('.');
  const groups = Array.from({ length: bytes.length / 2 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16));
  return canonical(groups.join(':'));
}
