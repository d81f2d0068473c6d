/**
 * The server's sockets: which transports the options ask for, on which ports, started and stopped together.
 *
 * @module
 */
import { isIP } from 'node:net';
import type { IDnsListenAddresses, IDnsServerOptions } from '../interfaces/options.ts';
import { portAttempts } from '../limits/index.ts';
import { StreamTransport } from '../transports/tcp.ts';
import type { IBoundAddress, IMessageSink, ITransport } from '../transports/types.ts';
import { UdpTransport } from '../transports/udp.ts';

const anyAddress = '0.0.0.0';

export class Listeners {
  readonly #sink: IMessageSink;
  readonly #options: IDnsServerOptions;
  #open: ITransport[] = [];
  #addresses: IDnsListenAddresses = {};
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
    this.#addresses = {};
    await Promise.all(open.map((transport) => transport.stop()));
  }

  async #openAll(): Promise<void> {
    const { udpPort, manualUdpMode } = this.#options;
    if (manualUdpMode !== true && udpPort !== undefined) {
      await this.#openPlain(udpPort);
    }
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
    const { udpBindInterface, reusePort = false } = this.#options;
    return new UdpTransport(this.#sink, { address: this.#address(udpBindInterface), port, reusePort });
  }

  #tcp(port: number): StreamTransport {
    const { tcpBindInterface, udpBindInterface, reusePort = false } = this.#options;
    return new StreamTransport(this.#sink, {
      address: this.#address(tcpBindInterface ?? udpBindInterface),
      port,
      reusePort,
      connectionsMax: this.#options.tcpConnectionsMax,
      connectionsPerClientMax: this.#options.tcpConnectionsPerClientMax,
      idleMs: this.#options.tcpIdleTimeoutMs,
    });
  }

  #address(given: string | undefined): string {
    const address = given ?? this.#options.bindInterface ?? anyAddress;
    if (isIP(address) === 0) {
      throw new TypeError(`cannot listen on "${address}"; give an IPv4 or IPv6 address`);
    }
    return address;
  }

  #keep(name: keyof IDnsListenAddresses, transport: ITransport, address: IBoundAddress): void {
    this.#open.push(transport);
    this.#addresses = { ...this.#addresses, [name]: address };
  }
}
