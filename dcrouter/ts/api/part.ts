/**
 * The management listener as a part of the router.
 *
 * @module
 */
import type { AddressInfo } from 'node:net';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart } from '../part.ts';
import { explainStartError } from '../start-error.ts';
import { ApiServer, type IApiSources } from './server.ts';

export class ApiPart implements IPart {
  readonly name = 'api';
  readonly #sources: IApiSources;
  #server: ApiServer | null = null;

  constructor(sources: IApiSources) {
    this.#sources = sources;
  }

  /** The bound address; undefined while it does not listen. */
  address(): AddressInfo | undefined {
    return this.#server?.address();
  }

  async start(config: TConfig): Promise<void> {
    const server = new ApiServer(this.#sources, config.api);
    await server.start().catch((error: unknown) => {
      throw explainStartError('the management listener cannot start', error);
    });
    this.#server = server;
  }

  async apply(): Promise<void> {
    // Its settings take effect with the next start.
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }
}
