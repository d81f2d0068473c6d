import { tap, expect } from '@git.zone/tstest/tapbundle';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { DnsServer } from '../ts_server/index.js';

tap.test('a failed order leaves no challenge answer behind', async () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  let duringOrder = 0;
  class Client {
    async createAccount() {}
    async createOrder() {
      return {};
    }
    async getAuthorizations() {
      return [{ identifier: { value: 'example.com' }, challenges: [{ type: 'dns-01' }] }];
    }
    async getChallengeKeyAuthorization() {
      return 'authorization';
    }
    async completeChallenge() {
      duringOrder = server['handlers'].length;
    }
    async waitForValidStatus() {
      throw new Error('the challenge is invalid');
    }
  }
  server['acmeClientOverride'] = { Client, directory: { letsencrypt: {} }, forge: {} };
  const certDir = fs.mkdtempSync(path.join(os.tmpdir(), 'smartdns-acme-'));
  const { success } = await server.retrieveSslCertificate(['example.com'], { certDir });
  fs.rmSync(certDir, { recursive: true });
  expect(success).toBeFalse();
  expect(duringOrder).toEqual(1);
  expect(server['handlers'].length).toEqual(0);
});

export default tap.start();
