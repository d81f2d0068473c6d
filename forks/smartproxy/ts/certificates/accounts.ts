/**
 * One ACME account per CA, its key kept in the store.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { IAcmeClientOptions } from '@dcrouter/acme';
import { AcmeClient, loadAccountKey } from '@dcrouter/acme';

/** Makes clients on demand and keeps one for each directory. */
export class AcmeAccounts {
  readonly #directory: string;
  readonly #options: Omit<IAcmeClientOptions, 'directoryUrl' | 'accountKey' | 'contacts'>;
  readonly #clients = new Map<string, Promise<AcmeClient>>();

  constructor(certDir: string, options: Omit<IAcmeClientOptions, 'directoryUrl' | 'accountKey' | 'contacts'>) {
    this.#directory = join(certDir, '.accounts');
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
    const host = new URL(directoryUrl).hostname.replace(/[^A-Za-z0-9.-]/g, '_');
    const hash = createHash('sha256').update(directoryUrl).digest('hex').slice(0, 12);
    const accountKey = await loadAccountKey(join(this.#directory, `${host}-${hash}.pem`));
    const contacts = email === undefined ? [] : [email];
    // Asking for a certificate is agreeing, as with upstream; there is nobody to ask at run time.
    return new AcmeClient({ ...this.#options, directoryUrl, accountKey, contacts, termsOfServiceAgreed: true });
  }

  /** Closes kept connections. */
  close(): void {
    for (const client of this.#clients.values()) client.then((item) => item.close()).catch(() => undefined);
    this.#clients.clear();
  }
}
