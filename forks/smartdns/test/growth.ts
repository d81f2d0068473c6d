/**
 * Whether memory grows with the work done: what is reachable after a forced collection, against a count.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface ISample {
  readonly count: number;
  /** What is reachable. */
  readonly bytes: number;
  /** What the process occupies. */
  readonly resident: number;
}

const mib = 1_024 * 1_024;

export class Growth {
  readonly #samples: ISample[] = [];

  /** Notes what is reachable after `count` pieces of work. */
  sample(count: number): void {
    // The first collection lets finalizers run that free what the second one finds.
    collect();
    collect();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    this.#samples.push({ count, bytes: heapUsed + arrayBuffers, resident: rss });
  }

  /**
   * Bytes that each piece of work left behind: least squares over the samples.
   *
   * @param skip part of the samples that is left out, as long as tables fill
   */
  slope(skip = 0): number {
    const samples = this.#after(skip);
    const meanCount = samples.reduce((sum, { count }) => sum + count, 0) / samples.length;
    const meanBytes = samples.reduce((sum, { bytes }) => sum + bytes, 0) / samples.length;
    let products = 0;
    let squares = 0;
    for (const { count, bytes } of samples) {
      products += (count - meanCount) * (bytes - meanBytes);
      squares += (count - meanCount) ** 2;
    }
    return products / squares;
  }

  /** MiB that the process came to occupy more between the first and the last sample. */
  residentMib(skip = 0): number {
    const samples = this.#after(skip);
    return (samples.at(-1)!.resident - samples[0]!.resident) / mib;
  }

  /** The last sample in words. */
  last(): string {
    const { bytes, resident } = this.#samples.at(-1)!;
    return `reachable ${(bytes / mib).toFixed(2)} MiB, resident ${(resident / mib).toFixed(1)} MiB`;
  }

  toString(): string {
    return this.#samples.map(({ count, bytes }) => `${count}: ${Math.round(bytes / 1_024)} KiB`).join(', ');
  }

  #after(skip: number): ISample[] {
    return this.#samples.slice(Math.floor(this.#samples.length * skip));
  }
}
