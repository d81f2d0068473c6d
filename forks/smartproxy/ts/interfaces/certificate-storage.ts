/**
 * Where certificates and ACME accounts are kept, when that is not a folder: for several nodes that share them.
 *
 * @module
 */

/** What a certificate is for. Ours. */
export interface ICertificateSubject {
  /** Name of the route. Ours. */
  readonly route: string;
  /** Names that the certificate is ordered for, in normal form. Ours. */
  readonly names: readonly string[];
  /** Same for all routes, on all nodes, with the same names at the same CA; may be long. Ours. */
  readonly key: string;
}

/** A certificate as it is kept. Ours. */
export interface IKeptCertificate {
  /** PEM chain, leaf first. Ours. */
  readonly cert: string;
  /** Private key, PEM. Ours. */
  readonly key: string;
  /** Further certificates of the chain, PEM, where they are apart. Ours. */
  readonly ca?: string;
  /** By ACME, or by the provision function. Ours. */
  readonly source: 'acme' | 'custom';
}

/**
 * Keeps certificates and the keys of ACME accounts. A `put` that resolved must survive a crash. What rejects is told in
 * the log and in the state of the certificate; serving goes on with what is in hand. Ours.
 */
export interface ICertificateStorage {
  /** The certificate for this subject; where there is none, one for the same route with other names may stand in. Ours. */
  getCertificate(subject: ICertificateSubject): Promise<IKeptCertificate | undefined>;
  /** Puts it in the place of the one before. Ours. */
  putCertificate(subject: ICertificateSubject, certificate: IKeptCertificate): Promise<void>;
  /** The key of the account at a directory, PEM. Ours. */
  getAccount(directoryUrl: string): Promise<string | undefined>;
  /** Keeps the key of the account at a directory. Ours. */
  putAccount(directoryUrl: string, keyPem: string): Promise<void>;
  /**
   * Runs `work` while no other node that shares the storage runs work under the same name; waits for its turn. The
   * signal aborts when the turn was lost under way. After the wait the storage is read again, so that several nodes
   * order one certificate once. Ours.
   */
  withLock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}
