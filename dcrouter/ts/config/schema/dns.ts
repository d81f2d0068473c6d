/**
 * The `dns` section.
 *
 * @module
 */
import { z } from 'zod';
import { address, port } from './common.ts';
import { zone } from './zone.ts';

export const dns = z.strictObject({
  address: address.default('0.0.0.0'),
  port: port.default(53),
  zones: z.record(z.string().min(1), zone).default({}),
});
