// What counting costs: the same build with the counting taken out stands as the peer.
import type { IBenchRow, ISuiteOptions } from '../harness/types.ts';
import type { IEnvironment } from './environment.ts';

export async function countingRow(_environment: IEnvironment, _options: ISuiteOptions): Promise<IBenchRow[]> {
  return [];
}
