/**
 * The management listener as a part of the router.
 *
 * @module
 */
import type { AddressInfo } from 'node:net';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import type { ISocketToPass } from '../process/sockets.ts';
import { explainStartError } from '../start-error.ts';
import { ApiServer, type IApiSources } from './server.ts';

export class ApiPart implements IPart {
  readonly name = 'api';
  readonly #sources: IApiSources;
  readonly #context: IRouterContext;
  #server: ApiServer | null = null;

  constructor(sources: IApiSources, context: IRouterContext) {
    this.#sources = sources;
    this.#context = context;
  }

  /** The bound address; undefined while it does not listen. */
  address(): AddressInfo | undefined {
    return this.#server?.address();
  }

  async start(config: TConfig): Promise<void> {
    const server = new ApiServer(this.#sources, config.api);
    const { address, port } = config.api;
    const fd = this.#context.sockets.take({ name: this.name, protocol: 'tcp', address, port });
    await server.start(fd).catch((error: unknown) => {
      throw explainStartError('the management listener cannot start', error);
    });
    this.#server = server;
  }

  async apply(): Promise<void> {
    // Its settings take effect with the next start.
  }

  listening(): ISocketToPass[] {
    const address = this.address();
    const handle = this.#server?.handle();
    if (address === undefined || handle === undefined) return [];
    return [{ name: this.name, protocol: 'tcp', address: address.address, port: address.port, handle }];
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }
}
