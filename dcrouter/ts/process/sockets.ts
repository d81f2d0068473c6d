/**
 * Listening sockets that this process was given: by systemd, or by the process before.
 *
 * @module
 */
import { closeSync } from 'node:fs';
import { isIPv6 } from 'node:net';

/** What is known of a socket. */
export interface ISocketDescription {
  /** `proxy-443`, `dns-udp`, `dns-tcp`, `dns-tls`, `dns-https`, `api`, or whatever systemd calls it. */
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

export interface IInheritedSocket extends Partial<ISocketDescription> {
  readonly name: string;
  readonly fd: number;
}

/** What a listener asks for. */
export interface IWantedSocket {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  /** As configured; undefined for every address. */
  readonly address: string | undefined;
  readonly port: number;
}

/** Where listeners ask before they bind. */
export interface ISocketSource {
  /** The descriptor of a socket that listens already; it belongs to the caller from then on. */
  take(wanted: IWantedSocket): number | undefined;
}

/** Node's object of a listening socket. */
export interface ISocketHandle {
  readonly fd: number;
}

/** A socket of ours that a successor may take over. */
export interface ISocketToPass extends ISocketDescription {
  readonly handle: ISocketHandle;
}

export class InheritedSockets implements ISocketSource {
  readonly #left: Set<IInheritedSocket>;

  constructor(sockets: readonly IInheritedSocket[] = []) {
    this.#left = new Set(sockets);
  }

  get size(): number {
    return this.#left.size;
  }

  /** A socket of that name first, then one that is bound where the listener would be. */
  take(wanted: IWantedSocket): number | undefined {
    const fitting = [...this.#left].filter((socket) => fits(socket, wanted));
    const socket = fitting.find(({ name }) => name === wanted.name) ?? fitting.find(({ port }) => port !== undefined);
    if (socket === undefined) return undefined;
    this.#left.delete(socket);
    return socket.fd;
  }

  /** Closes what no listener wanted, so that nobody connects to a port that nothing answers; returns what that was. */
  closeRest(): IInheritedSocket[] {
    const rest = [...this.#left];
    this.#left.clear();
    for (const { fd } of rest) closeSync(fd);
    return rest;
  }
}

/** Where the system does not tell what a socket is bound to, its name must do. */
function fits(socket: IInheritedSocket, wanted: IWantedSocket): boolean {
  if (socket.port === undefined) return socket.name === wanted.name;
  return socket.protocol === wanted.protocol && socket.port === wanted.port && fitsAddress(socket.address, wanted);
}

function fitsAddress(bound: string | undefined, { address, protocol }: IWantedSocket): boolean {
  if (address === undefined || bound === undefined) return true;
  if (canonical(bound) === canonical(address)) return true;
  // `[::]` takes IPv4, too, unless the system was told otherwise; a datagram socket must be of the family we read.
  return protocol === 'tcp' && canonical(bound) === '::' && address === '0.0.0.0';
}

/** One spelling for every IPv6 address. */
export function canonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

export function describe({ name, protocol, address, port }: IInheritedSocket): string {
  return port === undefined ? `'${name}'` : `'${name}' (${protocol} ${address} port ${port})`;
}
