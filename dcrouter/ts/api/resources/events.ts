/**
 * `/events`: what happens in the router, as Server-Sent Events.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { IRouterEvent } from '../../events/types.ts';
import type { ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { patternsMax } from '../limits.ts';
import { ApiError } from '../problems.ts';
import { eventText } from '../streams/replay.ts';
import type { SseStream } from '../streams/sse-stream.ts';

const PATTERN = /^(?:\*|[a-z]+(?:\.(?:\*|[A-Za-z0-9_-]+))+)$/;

export function addEvents(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/events',
    scope: 'read',
    tag: 'Events',
    summary: 'Follow what happens, as Server-Sent Events.',
    description:
      'Each has its kind as `event` and `{ atMs, kind, data }` as `data`. `Last-Event-ID` goes on behind an event as far ' +
      'as it is still kept; what is missing, or came faster than it was read, is told as `event: dropped`.',
    query: z.strictObject({
      kind: z
        .string()
        .max(1_024)
        .default('*')
        .describe('Kinds or patterns, with commas: `proxy.*,dns.query-answered`; default all.'),
    }),
    responses: { 200: { type: 'text/event-stream', description: 'The stream; it does not end.' } },
    handle: async ({ query, principal, request, reply }) => {
      const { streams, sources } = context;
      const patterns = patternsOf(query.kind);
      streams.assertRoom();
      const run = sources.startedAtMs.toString(36);
      const lastId = request.headers['last-event-id'];
      const replayed = typeof lastId === 'string' ? replay(context, patterns, run, lastId) : undefined;
      const letGo: Array<() => void> = [];
      const stream = streams.begin(reply, principal, () => letGo.forEach((end) => end()));
      letGo.push(streams.replay.hold(patterns));
      if (replayed?.complete === false) stream.sendGap('not-kept');
      for (const { id, kind, text } of replayed?.events ?? [])
        stream.send({ id: `${run}-${id}`, event: kind, data: text });
      letGo.push(sources.events.subscribe(patterns, (event) => sendEvent(stream, run, event)));
    },
  });
}

function sendEvent(stream: SseStream, run: string, event: IRouterEvent): void {
  stream.send({ id: `${run}-${event.id}`, event: event.kind, data: eventText(event) });
}

type TReplay = ReturnType<ApiContext['streams']['replay']['after']>;

/** Ids count anew with each start of the router: those of another run are gone. */
function replay(context: ApiContext, patterns: readonly string[], run: string, lastId: string): TReplay {
  const [ofRun, id] = lastId.split('-');
  if (ofRun !== run || id === undefined || !/^\d{1,15}$/.test(id)) return { events: [], complete: false };
  return context.streams.replay.after(Number(id), patterns);
}

/** @throws ApiError `DCR_API_INVALID` */
function patternsOf(text: string): string[] {
  const patterns = [...new Set(text.split(',').map((pattern) => pattern.trim()))];
  if (patterns.length > patternsMax)
    throw new ApiError('DCR_API_INVALID', `kind names ${patterns.length} patterns; give at most ${patternsMax}`);
  const wrong = patterns.find((pattern) => !PATTERN.test(pattern));
  if (wrong !== undefined)
    throw new ApiError(
      'DCR_API_INVALID',
      `kind: '${wrong}' is no kind; expected one such as dns.query-answered, proxy.* or *`,
    );
  return patterns;
}
