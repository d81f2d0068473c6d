// Keeps idle cores awake while servers are measured.
import { openSync, writeSync } from 'node:fs';

/** Who holds it open with 0 in it asks for no delay at all when a core is woken: it idles by polling (Linux, PM QoS). */
const LATENCY_DEVICE = '/dev/cpu_dma_latency';
const NO_DELAY = new Uint8Array(4);

/**
 * Lets idle cores poll until the process ends.
 *
 * Waking a core that halted is an interrupt, in a virtual machine an exit of it besides: some 10 µs, for which whoever
 * wakes it pays. A server that is slower than its load finds the load's core halted more often than one that is faster,
 * so what is compared then is the hypervisor.
 *
 * @returns false where that is not allowed; cores then halt, for all servers
 */
export function keepAwake(): boolean {
  try {
    writeSync(openSync(LATENCY_DEVICE, 'w'), NO_DELAY);
    return true;
  } catch {
    return false;
  }
}
