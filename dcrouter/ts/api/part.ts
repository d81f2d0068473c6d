/**
 * The management listener as a part of the router.
 *
 * @module
 */
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../config/error.ts';
import type { TApiConfig } from '../config/schema/api.ts';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import type { ISocketToPass } from '../process/sockets.ts';
import { explainStartError } from '../start-error.ts';
import type { IDocumentToken } from './auth/authenticator.ts';
import { ApiServer } from './server.ts';
import type { IApiSources, IApiStats } from './sources.ts';

/** While it does not listen. */
const NO_STATS: IApiStats = {
  streams: { open: 0, opened: 0, refused: 0, dropped: 0 },
  failedTokens: 0,
  rateLimited: 0,
};

export class ApiPart implements IPart {
  readonly name = 'api';
  readonly #sources: IApiSources;
  readonly #context: IRouterContext;
  #server: ApiServer | null = null;

  constructor(sources: IApiSources, context: IRouterContext) {
    this.#sources = sources;
    this.#context = context;
  }

  /** What streams and tokens came to since the start. */
  stats(): IApiStats {
    return this.#server?.stats() ?? NO_STATS;
  }

  /** The bound address; undefined while it does not listen. */
  address(): AddressInfo | undefined {
    return this.#server?.address();
  }

  async start({ api }: TConfig): Promise<void> {
    const tokens = await documentTokens(api);
    const tls = api.tls && {
      key: await text(api.tls.keyFile, 'api.tls.keyFile'),
      cert: await text(api.tls.certFile, 'api.tls.certFile'),
    };
    try {
      const server = new ApiServer(this.#sources, { config: api, tokens, tls });
      const { address, port } = api;
      await server.start(this.#context.sockets.take({ name: this.name, protocol: 'tcp', address, port }));
      this.#server = server;
    } catch (error) {
      throw explainStartError('the management listener cannot start', error);
    }
  }

  /** Address, port and TLS take effect with the next start. */
  async apply({ api }: TConfig): Promise<void> {
    this.#server?.use(api, await documentTokens(api));
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

/** @throws ConfigError when a file cannot be read or holds no hash */
async function documentTokens(api: TApiConfig): Promise<IDocumentToken[]> {
  return await Promise.all(
    api.tokens.map(async ({ name, hash, hashFile, scopes }, index) => {
      if (hashFile === undefined) return { name, scopes, hash: hash ?? '' };
      const path = `api.tokens[${index}].hashFile`;
      const read = (await text(hashFile, path)).trim();
      if (/^[0-9a-f]{64}$/.test(read)) return { name, scopes, hash: read };
      const message = `${hashFile} holds no hash; expected the token's SHA-256 as 64 hexadecimal digits`;
      throw new ConfigError([{ file: hashFile, path, message }]);
    }),
  );
}

async function text(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file, path, message: `the file cannot be read: ${(error as Error).message}` }]);
  }
}
