/**
 * The `api` section: the management listener.
 *
 * @module
 */
import { z } from 'zod';
import { address, port } from './common.ts';

export const api = z.strictObject({
  address: address.default('127.0.0.1'),
  port: port.default(9090),
  metricsAllow: z.union([z.literal('any'), z.array(z.string())]).optional(),
});
