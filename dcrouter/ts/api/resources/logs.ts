/**
 * `/logs`: the latest lines, and those to come.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { TAIL_MATCH_CHARS_MAX } from '../../log/limits.ts';
import { logLevels, type ILogFilter, type ILogLine } from '../../log/tail.ts';
import type { ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { logLinesMax } from '../limits.ts';
import { ApiError } from '../problems.ts';
import { followFlag, json } from '../schemas.ts';

const LINES_DEFAULT = 100;

const line = z.object({
  id: z.number().describe('Counts from 1 since the process started; a gap means that lines are not shown.'),
  level: z.enum(logLevels),
  line: json,
});

export function addLogs(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/logs',
    scope: 'read',
    tag: 'Logs',
    summary: 'Show the latest log lines; follow them with `follow=true`.',
    description:
      'Followed lines come as Server-Sent Events, the latest first of all; what a slow reader misses is told.',
    query: z.strictObject({
      tail: z.coerce.number().int().min(0).max(logLinesMax).default(LINES_DEFAULT).describe('The latest so many.'),
      level: z.enum(logLevels).optional().describe('The least severe level shown.'),
      match: z.string().min(1).max(TAIL_MATCH_CHARS_MAX).optional().describe('Text that occurs in the line.'),
      follow: followFlag,
    }),
    responses: { 200: z.object({ items: z.array(line) }) },
    handle: async ({ query: { tail: count, level, match, follow }, principal, reply }) => {
      const { streams, sources } = context;
      const filter = { level, match };
      if (!follow) {
        return {
          items: sources.tail
            .latest(count, filter)
            .map(({ id, level: of, text }) => ({ id, level: of, line: parse(text) })),
        };
      }
      streams.assertRoom();
      const lines = sources.tail.latest(count, filter);
      // Before the stream begins, so that being refused is still an answer. Nothing can come before it has begun.
      let send: ((line: ILogLine) => void) | null = null;
      const letGo = followTail(context, (each) => send?.(each), filter);
      const stream = streams.begin(reply, principal, letGo);
      send = ({ id, text }) => stream.send({ id: String(id), data: text });
      for (const each of lines) send(each);
      return undefined;
    },
  });
}

/** @throws ApiError `DCR_API_STREAMS` */
function followTail(context: ApiContext, listener: (each: ILogLine) => void, filter: ILogFilter): () => void {
  try {
    return context.sources.tail.follow(listener, filter);
  } catch (error) {
    if (error instanceof RangeError) throw new ApiError('DCR_API_STREAMS', error.message);
    throw error;
  }
}

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
