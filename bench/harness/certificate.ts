// Self-signed certificates for benches, made by openssl.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** An ECDSA P-256 certificate and key for one name, as files in `folder`. */
export function makeCertificate(folder: string, name: string): { certFile: string; keyFile: string } {
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  args.push('-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`);
  const result = spawnSync('openssl', [...args, '-keyout', keyFile, '-out', certFile], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`openssl req: ${result.error?.message ?? result.stderr}`);
  return { certFile, keyFile };
}
