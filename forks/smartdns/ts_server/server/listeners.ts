/**
 * The server's sockets: which transports the options ask for, on which ports, started and stopped together.
 *
 * @module
 */
import { isIP, type Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { IDnsListenAddresses, IDnsServerOptions } from '../interfaces/options.ts';
import type { TDnsSource } from '../interfaces/stats.ts';
import { portAttempts } from '../limits/index.ts';
import { DohTransport } from '../transports/doh.ts';
import { StreamTransport } from '../transports/tcp.ts';
import type { IBoundAddress, IListenerHandle, IMessageSink, ITransport } from '../transports/types.ts';
import { UdpTransport } from '../transports/udp.ts';

const anyAddress = '0.0.0.0';

export class Listeners {
  readonly #sink: IMessageSink;
  readonly #options: IDnsServerOptions;
  #open: ITransport[] = [];
  readonly #named = new Map<TDnsSource, ITransport>();
  #addresses: IDnsListenAddresses = {};
  /** Why datagrams are not batched although that was asked for. */
  batchUnavailable: string | undefined;
  #manualDoh: DohTransport | undefined;
  readonly #certificates: { https?: { cert: string; key: string }; tls?: { cert: string; key: string } } = {};
  #starting: Promise<void> | undefined;

  constructor(sink: IMessageSink, options: IDnsServerOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  get addresses(): IDnsListenAddresses {
    return this.#addresses;
  }

  start(): Promise<void> {
    this.#starting ??= this.#openAll().catch(async (error: unknown) => {
      await this.stop();
      throw error;
    });
    return this.#starting;
  }

  async stop(): Promise<void> {
    this.#starting = undefined;
    const open = this.#open;
    this.#open = [];
    this.#named.clear();
    this.#addresses = {};
    const manual = this.#manualDoh;
    this.#manualDoh = undefined;
    const all: ITransport[] = manual === undefined ? open : [...open, manual];
    await Promise.all(all.map((transport) => transport.stop()));
  }

  /** Takes nothing new; resolves when every connection is over. */
  async drain(): Promise<void> {
    await Promise.all(this.#open.map((transport) => transport.drain()));
  }

  handles(): Map<TDnsSource, IListenerHandle> {
    const handles = new Map<TDnsSource, IListenerHandle>();
    for (const [name, { listenerHandle }] of this.#named) {
      if (listenerHandle !== null) {
        handles.set(name, listenerHandle);
      }
    }
    return handles;
  }

  async #openAll(): Promise<void> {
    const { udpPort, manualUdpMode } = this.#options;
    if (manualUdpMode !== true && udpPort !== undefined) {
      await this.#openPlain(udpPort);
    }
    const { httpsPort, tlsPort } = this.#options;
    if (this.#isManualHttps()) {
      return;
    }
    if (httpsPort !== undefined && this.#httpsTls() !== undefined) {
      const doh = this.#doh(httpsPort, this.#options.takeListener?.('https'));
      this.#keep('https', doh, await doh.start());
    }
    if (tlsPort !== undefined) {
      const dot = this.#dot(tlsPort);
      this.#keep('tls', dot, await dot.start());
    }
  }

  /** Takes over a TCP connection as DoH. */
  handleHttps(socket: Socket): void {
    this.#manualDoh ??= this.#doh(0);
    this.#manualDoh.handle(socket);
  }

  /** Sends over the UDP socket; false when none is open. */
  sendUdp(response: Buffer, port: number, address: string): boolean {
    const udp = this.#open.find((transport) => transport instanceof UdpTransport);
    return udp?.send(response, port, address) ?? false;
  }

  /** Replaces certificate and key of DoH and DoT, or of one of them; connections that exist keep theirs. */
  setCertificate(cert: string, key: string, only?: 'https' | 'tls'): void {
    const pair = { cert, key };
    if (only !== 'tls') {
      this.#certificates.https = pair;
    }
    if (only !== 'https') {
      this.#certificates.tls = pair;
    }
    for (const transport of [...this.#open, this.#manualDoh]) {
      if (only !== 'tls' && transport instanceof DohTransport) {
        transport.setTls(pair);
      } else if (only !== 'https' && transport instanceof StreamTransport && transport.isTls) {
        transport.setTls(pair);
      }
    }
  }

  #isManualHttps(): boolean {
    return this.#options.manualHttpsMode === true;
  }

  #httpsTls(): SecureContextOptions | undefined {
    const { httpsCert, httpsKey } = this.#options;
    if (this.#certificates.https !== undefined) {
      return this.#certificates.https;
    }
    // Upstream's way to leave HTTPS off.
    return isGiven(httpsCert) && isGiven(httpsKey) ? { cert: httpsCert, key: httpsKey } : undefined;
  }

  #doh(port: number, fd?: number): DohTransport {
    const tls = this.#httpsTls();
    if (tls === undefined) {
      throw new TypeError('DNS over HTTPS needs httpsKey and httpsCert, as PEM text');
    }
    const { httpsBindInterface, reusePort = false } = this.#options;
    return new DohTransport(this.#sink, {
      ...this.#streamLimits(),
      address: this.#address(httpsBindInterface),
      port,
      reusePort,
      fd,
      tls,
      path: this.#options.httpsPath,
    });
  }

  #dot(port: number): StreamTransport {
    const { httpsBindInterface, reusePort = false, tlsCert, tlsKey } = this.#options;
    const own = isGiven(tlsCert) && isGiven(tlsKey) ? { cert: tlsCert, key: tlsKey } : this.#httpsTls();
    const tls = this.#certificates.tls ?? own;
    if (tls === undefined) {
      throw new TypeError('DNS over TLS needs tlsKey and tlsCert, or httpsKey and httpsCert, as PEM text');
    }
    const address = this.#address(httpsBindInterface);
    const fd = this.#options.takeListener?.('tls');
    return new StreamTransport(this.#sink, { ...this.#streamLimits(), address, port, reusePort, fd, tls });
  }

  #streamLimits(): { connectionsMax?: number; connectionsPerClientMax?: number; idleMs?: number } {
    return {
      connectionsMax: this.#options.tcpConnectionsMax,
      connectionsPerClientMax: this.#options.tcpConnectionsPerClientMax,
      idleMs: this.#options.tcpIdleTimeoutMs,
    };
  }

  /** UDP and TCP, on one port number unless told otherwise. */
  async #openPlain(udpPort: number): Promise<void> {
    const { tcpPort } = this.#options;
    const shared = tcpPort === undefined;
    for (let attempt = 1; ; attempt++) {
      const udp = this.#udp(udpPort);
      const udpAddress = await udp.start();
      if (tcpPort === false) {
        this.#keep('udp', udp, udpAddress);
        return;
      }
      const tcp = this.#tcp(tcpPort ?? udpAddress.port);
      try {
        this.#keep('tcp', tcp, await tcp.start());
        this.#keep('udp', udp, udpAddress);
        return;
      } catch (error) {
        await udp.stop();
        // A free UDP port may be taken on TCP; only then does another try make sense.
        if (!(shared && udpPort === 0 && attempt < portAttempts)) {
          throw error;
        }
      }
    }
  }

  #udp(port: number): UdpTransport {
    const { udpBindInterface, reusePort = false, udpBatch: batch } = this.#options;
    return new UdpTransport(this.#sink, {
      address: this.#address(udpBindInterface),
      port,
      reusePort,
      fd: this.#options.takeListener?.('udp'),
      batch,
      onNoBatch: (reason) => {
        this.batchUnavailable = reason;
      },
    });
  }

  #tcp(port: number): StreamTransport {
    const { tcpBindInterface, udpBindInterface, reusePort = false } = this.#options;
    return new StreamTransport(this.#sink, {
      address: this.#address(tcpBindInterface ?? udpBindInterface),
      port,
      reusePort,
      fd: this.#options.takeListener?.('tcp'),
      ...this.#streamLimits(),
    });
  }

  #address(given: string | undefined): string {
    const address = given ?? this.#options.bindInterface ?? anyAddress;
    if (isIP(address) === 0) {
      throw new TypeError(`cannot listen on "${address}"; give an IPv4 or IPv6 address`);
    }
    return address;
  }

  #keep(name: TDnsSource, transport: ITransport, address: IBoundAddress): void {
    this.#open.push(transport);
    this.#named.set(name, transport);
    this.#addresses = { ...this.#addresses, [name]: address };
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
