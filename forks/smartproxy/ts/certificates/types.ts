/**
 * What the certificate manager is told and what it says.
 *
 * @module
 */
import type {
  IAcmeClock,
  ICertificateInfo,
  IExternalAccountBinding,
  TAcmeTransport,
  TCertificateKeyType,
  TChallengeType,
} from '@dcrouter/acme';

import type { ICertificateStorage } from '../interfaces/certificate-storage.ts';
import type { ICertificateEvent } from '../interfaces/events.ts';
import type { IDnsChallengeHandler, TSmartProxyCertProvisionObject } from '../interfaces/options.ts';

/** Where a certificate came from. */
export type TCertificateSource = 'static' | 'acme' | 'custom';

/** The state of one route's certificate, as upstream's users know it, and when it will change. */
export interface ICertStatus {
  /** First name of the certificate. */
  readonly domain: string;
  readonly status: 'valid' | 'pending' | 'expired' | 'error';
  readonly expiryDate?: Date;
  readonly issueDate?: Date;
  readonly source: TCertificateSource;
  /** Last failure; also set beside `valid` while a renewal fails or when some names cannot be had. */
  readonly error?: string;
  /** When the next order is due: renewal, or another try after a failure. */
  readonly nextAttemptDate?: Date;
}

/** A certificate as the store keeps it. Field names are upstream's. */
export interface ICertificateData {
  /** PEM, leaf first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** PEM of further certificates of the chain. */
  readonly ca?: string;
  readonly expiryDate: Date;
  readonly issueDate: Date;
  readonly source?: TCertificateSource;
}

/** What TLS is served with for a route. */
export interface ICertificateMaterial {
  /** PEM chain, leaf first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** `placeholder`: self-signed, until the first certificate is there. */
  readonly source: TCertificateSource | 'placeholder';
  readonly info: ICertificateInfo;
}

/** A certificate and who made it. */
export interface IIssuedCertificate {
  readonly cert: string;
  readonly key: string;
  readonly source: TCertificateSource;
  /** The route that the storage has it for already. */
  readonly keptFor?: string;
}

/** PEM that the operator supplied. */
export interface IStaticCertificate {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** A route as far as certificates are concerned. */
export interface ICertificateRoute {
  readonly name: string;
  readonly domains: readonly string[];
  /** `self-signed`: a placeholder for good. */
  readonly certificate: 'auto' | 'self-signed' | IStaticCertificate;
  /** Overrides the manager's address for the CA. */
  readonly email?: string;
  /** Overrides the manager's directory. */
  readonly directoryUrl?: string;
  /** Overrides the manager's threshold. */
  readonly renewThresholdDays?: number;
  /** Overrides the manager's list. */
  readonly challengeTypes?: readonly TChallengeType[];
  /** Overrides the manager's port of http-01. */
  readonly challengePort?: number;
}

export type TCertificateEventName =
  'certificate-issued' | 'certificate-renewed' | 'certificate-failed' | 'certificate-expiring';

export type TCertificateLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

export interface ICertificateManagerOptions {
  /** Folder of the store; made on first use, mode 0700. Unused with `storage`. */
  readonly certDir: string;
  /** In place of the folder: a storage that several nodes share. */
  readonly storage?: ICertificateStorage;
  readonly directoryUrl: string;
  /** Mail address for the CA. */
  readonly email?: string;
  /** Nothing is ordered without an address; default false. */
  readonly emailRequired?: boolean;
  /** PEM roots for the CA's own HTTPS, for private CAs. */
  readonly trustedRoots?: string | readonly string[];
  readonly externalAccountBinding?: IExternalAccountBinding;
  /** Whether certificates are ordered by ACME at all; default true. */
  readonly acmeEnabled?: boolean;
  /** In order of preference; default http-01, tls-alpn-01, and dns-01 when there is a `dnsChallenge`. */
  readonly challengeTypes?: readonly TChallengeType[];
  /** Sets and removes TXT records; several values may stand at one name. */
  readonly dnsChallenge?: IDnsChallengeHandler;
  readonly renewThresholdDays?: number;
  readonly renewCheckIntervalHours?: number;
  /** Default true. When false, certificates are ordered once and renewed only by `renewCertificate`. */
  readonly autoRenew?: boolean;
  readonly keyType?: TCertificateKeyType;
  readonly preferredChain?: string;
  readonly profile?: string;
  /** Asked first for every certificate, with the first name. */
  readonly certProvisionFunction?: (domain: string) => Promise<TSmartProxyCertProvisionObject>;
  /** Whether ACME is tried when the function fails; default true. */
  readonly certProvisionFallbackToAcme?: boolean;
  /** Port on which http-01 is asked for; default 80. */
  readonly challengePort?: number;
  /** Opens that port while orders run, and returns what closes it. */
  readonly openChallengePort?: (port: number) => Promise<() => Promise<void>>;
  /** Called when a route's certificate changes; TLS contexts of the route are to be made anew. */
  readonly onMaterial?: (routeName: string, material: ICertificateMaterial) => void;
  readonly onEvent?: (name: TCertificateEventName, event: ICertificateEvent) => void;
  readonly log?: TCertificateLog;
  readonly clock?: IAcmeClock;
  /** In [0, 1); default `Math.random`. */
  readonly random?: () => number;
  readonly transport?: TAcmeTransport;
}
