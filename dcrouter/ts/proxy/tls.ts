/**
 * TLS settings of the document as the proxy takes them: files read, names as smartproxy has them.
 *
 * @module
 */
import type { ICertificateConfig, IRouteBackendTls, IRouteClientAuth, IRouteTls } from '@dcrouter/smartproxy';
import { readNamedFile, readNamedText } from '../config/files.ts';
import type { TGivenCertificate, TRouteTlsConfig } from '../config/schema/index.ts';

/** @throws ConfigError when a file cannot be read */
export async function tlsOf(tls: TRouteTlsConfig, path: string): Promise<IRouteTls> {
  const { certificate, clientAuth, backend, ...rest } = tls;
  return {
    ...rest,
    ...(certificate !== undefined && {
      certificate:
        typeof certificate === 'string' ? certificate : await certificateOf(certificate, `${path}.certificate`),
    }),
    ...(clientAuth && { clientAuth: await clientAuthOf(clientAuth, `${path}.clientAuth`) }),
    ...(backend && { backend: await backendOf(backend, `${path}.backend`) }),
  };
}

/** @throws ConfigError when a file cannot be read */
export async function certificateOf(given: TGivenCertificate, path: string): Promise<ICertificateConfig> {
  const { keyFile, certFile, caFile, ocspFile, ...rest } = given;
  return {
    ...rest,
    ...(keyFile !== undefined && { key: await readNamedText(keyFile, `${path}.keyFile`) }),
    ...(certFile !== undefined && { cert: await readNamedText(certFile, `${path}.certFile`) }),
    ...(caFile !== undefined && { ca: await readNamedText(caFile, `${path}.caFile`) }),
    ...(ocspFile !== undefined && { ocsp: await readNamedFile(ocspFile, `${path}.ocspFile`) }),
  };
}

type TClientAuth = NonNullable<TRouteTlsConfig['clientAuth']>;

async function clientAuthOf({ ca, caFile, ...rest }: TClientAuth, path: string): Promise<IRouteClientAuth> {
  return { ...rest, ca: ca ?? (caFile === undefined ? [] : await readNamedText(caFile, `${path}.caFile`)) };
}

type TBackend = NonNullable<TRouteTlsConfig['backend']>;

async function backendOf({ caFile, certFile, keyFile, ...rest }: TBackend, path: string): Promise<IRouteBackendTls> {
  return {
    ...rest,
    ...(caFile !== undefined && { ca: await readNamedText(caFile, `${path}.caFile`) }),
    ...(certFile !== undefined && { cert: await readNamedText(certFile, `${path}.certFile`) }),
    ...(keyFile !== undefined && { key: await readNamedText(keyFile, `${path}.keyFile`) }),
  };
}
