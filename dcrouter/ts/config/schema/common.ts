/**
 * What several sections of the schema share.
 *
 * @module
 */
import { isIP } from 'node:net';
import { z } from 'zod';

export const port = z.int().min(1).max(65_535);
export const address = z.string().refine((value) => isIP(value) !== 0, { error: 'expected an IPv4 or IPv6 address' });
export const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);
