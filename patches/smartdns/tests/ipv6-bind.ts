import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

for (const option of ['udpBindInterface', 'httpsBindInterface']) {
  for (const address of ['::1', '::']) {
    tap.test(`${option} ${address} is refused before anything listens`, async () => {
      const server = new DnsServer({
        httpsKey: '',
        httpsCert: '',
        httpsPort: 0,
        udpPort: 0,
        dnssecZone: 'example.com',
        [option]: address,
      });
      let spawned = false;
      server['bridge'].spawn = async () => {
        spawned = true;
        return false;
      };
      let message = '';
      await server.start().catch((error) => {
        message = error.message;
      });
      expect(message).toContain(address);
      expect(spawned).toBeFalse();
    });
  }
}

export default tap.start();
