/**
 * What long fuzzing holds a process to beside the right answers: no packet holds it up, and its memory does not grow.
 *
 * @module
 */
import type { Growth } from '../../forks/smartdns/test/growth.ts';

/** A packet may not hold the process up for longer (milliseconds of CPU). */
export const slowestMsMax = 10;
/** Packets are sent again so often to tell the packet's own time from a collection's. */
const confirmRounds = 3;
/** Bytes that stay for each packet once every bounded table is full: noise of compiled code, divided by the packets. */
const leakBytesMax = 0.5;
/** The resident set may move by so much between the middle and the end (MiB): the allocator keeps pages. */
const residentMibMax = 32;

/** Packets that took long, and were found to do so by themselves. */
export class SlowPackets {
  count = 0;
  #slowestMs = 0;

  seen(tookMs: number): void {
    if (tookMs > this.#slowestMs) this.#slowestMs = tookMs;
  }

  /**
   * Wall time also counts other processes and garbage collection: only CPU time that repeats is the packet's fault.
   *
   * @returns how often the packet was sent again
   */
  async confirm(tookMs: number, packet: Buffer, again: () => void | Promise<void>): Promise<number> {
    const from = process.cpuUsage();
    for (let round = 0; round < confirmRounds; round++) await again();
    const { user, system } = process.cpuUsage(from);
    const eachMs = (user + system) / confirmRounds / 1_000;
    if (eachMs > slowestMsMax) {
      this.count++;
      console.log(`slow: ${eachMs.toFixed(1)} ms (first ${tookMs.toFixed(1)}) for ${packet.toString('hex')}`);
    }
    return confirmRounds;
  }

  toString(): string {
    return `slowest ${this.#slowestMs.toFixed(2)} ms, ${this.count} too slow`;
  }
}

/** Prints the verdict on memory; false when it grew. The first half of the samples fills tables and is left out. */
export function judgeGrowth(growth: Growth): boolean {
  const slope = growth.slope(0.5);
  const resident = growth.residentMib(0.5);
  console.log(`memory in the second half: ${slope.toFixed(3)} bytes a packet, resident ${resident.toFixed(1)} MiB`);
  return slope <= leakBytesMax && resident <= residentMibMax;
}
