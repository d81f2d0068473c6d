/**
 * Whether UDP in batches can be tested on this machine.
 *
 * @module
 */
import { DnsServer } from '#server';

/** Why it cannot, in the server's own words; false when it can. */
export async function batchMissing(): Promise<string | false> {
  const probe = new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', udpBatch: true });
  await probe.start();
  await probe.stop();
  return probe.batchUnavailable ?? false;
}
