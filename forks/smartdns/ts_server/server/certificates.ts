/**
 * Certificates by ACME with the dns-01 challenge answered from this very server (RFC 8555 §8.4).
 *
 * @module
 */
import { join } from 'node:path';
import {
  AcmeClient,
  dnsChallengeName,
  dnsChallengeValue,
  letsEncryptDirectory,
  loadAccountKey,
  makePrivateDirectory,
  obtainCertificate,
  writePrivateFile,
  type IChallengeSolver,
  type IHttpsTransportOptions,
} from '@dcrouter/acme';
import type { HandlerTable, IHandlerEntry } from '../handlers/table.ts';
import type { DnsStats } from '../stats/dnsstats.ts';

/** Upstream's options, and what a CA other than Let's Encrypt needs. */
export interface ILetsEncryptOptions {
  /** Mail address for the account; default `admin@example.com`, as upstream. */
  email?: string;
  /** Whether to use the CA's test environment; default false. */
  staging?: boolean;
  /** Folder for the account key and the certificates; default `./certs`. Made with mode 0700. */
  certDir?: string;
  /** Directory of another CA; wins over `staging`. */
  directoryUrl?: string;
  /** How to reach the CA: trusted roots, time-out. */
  https?: IHttpsTransportOptions;
  /** Milliseconds for the whole order. */
  timeoutMs?: number;
}

export interface IRetrievedCertificate {
  /** Chain, leaf first, PEM; empty on failure. */
  cert: string;
  /** PEM; empty on failure. */
  key: string;
  success: boolean;
  /** Why there is none. */
  error?: Error;
}

const defaultEmail = 'admin@example.com';
const defaultDirectory = './certs';
/** Seconds: nobody should remember a challenge. */
const challengeTtlSeconds = 0;

/** Puts challenge answers into the handler table, where the CA sees them at once. */
function dnsSolver(table: HandlerTable, stats: DnsStats): IChallengeSolver {
  const presented = new Map<string, IHandlerEntry>();
  return {
    type: 'dns-01',
    canSolve: ({ type }) => type === 'dns',
    present: (answer) => {
      const name = dnsChallengeName(answer.identifier.value);
      const data = [dnsChallengeValue(answer.keyAuthorization)];
      const handler = (): { name: string; type: string; class: string; ttl: number; data: string[] } => ({
        name,
        type: 'TXT',
        class: 'IN',
        ttl: challengeTtlSeconds,
        data,
      });
      presented.set(answer.token, table.add(name, ['TXT'], handler, {}, stats.zones.resolve(name)));
    },
    cleanup: (answer) => {
      const entry = presented.get(answer.token);
      if (entry !== undefined) {
        presented.delete(answer.token);
        table.removeEntry(entry);
      }
    },
  };
}

/** Obtains one certificate for all `names`, and keeps it in the folder. Never throws. */
export async function retrieveCertificate(
  table: HandlerTable,
  stats: DnsStats,
  names: readonly string[],
  options: ILetsEncryptOptions,
): Promise<IRetrievedCertificate> {
  try {
    const folder = options.certDir ?? defaultDirectory;
    const { production, staging } = letsEncryptDirectory;
    const client = new AcmeClient({
      directoryUrl: options.directoryUrl ?? (options.staging === true ? staging : production),
      accountKey: await loadAccountKey(join(folder, 'account.pem')),
      contacts: [options.email ?? defaultEmail],
      termsOfServiceAgreed: true,
      https: options.https,
    });
    const { cert, key } = await obtainCertificate(client, {
      names,
      solvers: [dnsSolver(table, stats)],
      timeoutMs: options.timeoutMs,
    });
    const place = join(folder, (names[0] ?? '').replace(/^\*\./, '').replaceAll(/[^a-zA-Z0-9.-]/g, '_'));
    await makePrivateDirectory(place);
    await writePrivateFile(join(place, 'key.pem'), key);
    await writePrivateFile(join(place, 'cert.pem'), cert);
    return { cert, key, success: true };
  } catch (error) {
    return { cert: '', key: '', success: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
