/**
 * One ACME account per CA, its key kept in the storage.
 *
 * @module
 */
import type { IAcmeClientOptions } from '@dcrouter/acme';
import { AccountKey, AcmeClient } from '@dcrouter/acme';

import type { ICertificateStorage } from '../interfaces/certificate-storage.ts';

/** Makes clients on demand and keeps one for each directory. */
export class AcmeAccounts {
  readonly #storage: ICertificateStorage;
  readonly #options: Omit<IAcmeClientOptions, 'directoryUrl' | 'accountKey' | 'contacts'>;
  readonly #clients = new Map<string, Promise<AcmeClient>>();

  constructor(
    storage: ICertificateStorage,
    options: Omit<IAcmeClientOptions, 'directoryUrl' | 'accountKey' | 'contacts'>,
  ) {
    this.#storage = storage;
    this.#options = options;
  }

  /** The client for a CA; its key is read or made, and nothing is sent yet. The first caller's address is registered. */
  client(directoryUrl: string, email: string | undefined): Promise<AcmeClient> {
    let client = this.#clients.get(directoryUrl);
    if (client === undefined) {
      client = this.#create(directoryUrl, email);
      this.#clients.set(directoryUrl, client);
      client.catch(() => this.#clients.delete(directoryUrl));
    }
    return client;
  }

  async #create(directoryUrl: string, email: string | undefined): Promise<AcmeClient> {
    const pem = (await this.#storage.getAccount(directoryUrl)) ?? (await this.#make(directoryUrl));
    const accountKey = AccountKey.fromPem(pem);
    const contacts = email === undefined ? [] : [email];
    // Asking for a certificate is agreeing, as with upstream; there is nobody to ask at run time.
    return new AcmeClient({ ...this.#options, directoryUrl, accountKey, contacts, termsOfServiceAgreed: true });
  }

  /** Nodes that share the storage share the account: the first one makes the key, the others find it. */
  async #make(directoryUrl: string): Promise<string> {
    return await this.#storage.withLock(`account ${directoryUrl}`, async () => {
      const made = await this.#storage.getAccount(directoryUrl);
      if (made !== undefined) return made;
      const pem = AccountKey.generate().toPem();
      await this.#storage.putAccount(directoryUrl, pem);
      return pem;
    });
  }

  /** Closes kept connections. */
  close(): void {
    for (const client of this.#clients.values()) client.then((item) => item.close()).catch(() => undefined);
    this.#clients.clear();
  }
}
