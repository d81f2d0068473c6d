/**
 * The `upstreams` section: what operators say about targets, by `host:port`.
 *
 * @module
 */
import { z } from 'zod';
import { count } from './common.ts';

export const upstream = z.strictObject({
  state: z
    .enum(['ready', 'drain', 'disabled'])
    .default('ready')
    .describe('`drain` and `disabled` give a target no new connections; `disabled` is meant to last.'),
  weight: count(1_000).optional().describe("In place of the weight of every route's target."),
});

export const upstreams = z.record(
  z.string().regex(/^(?:\[[0-9A-Fa-f:.]+\]|[^:\s]+):(?:\d{1,5}|srv)$/, { error: 'expected <host>:<port>' }),
  upstream,
);

export type TUpstreamConfig = z.output<typeof upstream>;
