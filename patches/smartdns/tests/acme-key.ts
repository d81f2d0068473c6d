import { tap, expect } from '@git.zone/tstest/tapbundle';
import * as crypto from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import * as acme from 'acme-client';
import { DnsServer } from '../ts_server/index.js';

tap.test('the certificate request is made with the key that is returned', async () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  let sentCsr;
  class Client {
    async createAccount() {}
    async createOrder() {
      return {};
    }
    async getAuthorizations() {
      return [];
    }
    async finalizeOrder(_order, csr) {
      sentCsr = csr;
    }
    async getCertificate() {
      return 'certificate';
    }
  }
  server['acmeClientOverride'] = { Client, directory: { letsencrypt: {} }, forge: acme.forge };
  const certDir = fs.mkdtempSync(path.join(os.tmpdir(), 'smartdns-acme-'));
  const { success, key } = await server.retrieveSslCertificate(['example.com'], { certDir });
  fs.rmSync(certDir, { recursive: true });
  expect(success).toBeTrue();
  expect(sentCsr !== undefined).toBeTrue();
  // The request carries the modulus of the key that it is for, as it stands in the key's DER form.
  const { n } = crypto.createPublicKey(key).export({ format: 'jwk' });
  const der = Buffer.from(sentCsr.toString().replace(/-----[^-]+-----|\s/g, ''), 'base64');
  expect(der.includes(Buffer.from(n, 'base64url'))).toBeTrue();
});

export default tap.start();
