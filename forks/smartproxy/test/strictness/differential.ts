// The differential run itself: generated streams through the engine and the oracle, and the first difference found.
import { createEngine } from './engine.ts';
import { cut, generateStream } from './generator.ts';
import { createOracle } from './llhttp.ts';
import { type IParsed, difference } from './parsed.ts';
import { Random } from './random.ts';

export interface IDifferentialResult {
  readonly streams: number;
  /** Messages that both sides accepted. */
  readonly accepted: number;
  /** Streams that the engine refused. */
  readonly refused: number;
  /** Refusals by reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Undefined when there is none; else everything that is needed to look at it again. */
  readonly difference: string | undefined;
}

/** What was read, without the body bytes that a refusal in the same read may hold back. */
function reading(parsed: IParsed): string {
  const cutOff = parsed.error !== undefined && parsed.messages.at(-1)?.complete === false;
  return JSON.stringify(parsed, (key, value: unknown) => (cutOff && key === 'body' ? undefined : value));
}

/** Sends `streams` generated streams through both parsers; the engine gets them whole and in pieces. */
export function runDifferential(seed: number, streams: number): IDifferentialResult {
  const random = new Random(seed);
  const engine = createEngine();
  const oracle = createOracle();
  const reasons = new Map<string, number>();
  let accepted = 0;
  let refused = 0;
  for (let count = 0; count < streams; count += 1) {
    const side = random.once(2) ? 'request' : 'response';
    const text = generateStream(random, side);
    const bytes = Buffer.from(text, 'latin1');
    const pieces = cut(random, bytes);
    const mine = engine.parse(side, pieces);
    const theirs = oracle.parse(side, [bytes]);
    let found = difference(mine, theirs);
    if (found === undefined && pieces.length > 1) {
      // The network's cuts must not change what is read: the same bytes at once give the same messages.
      const whole = engine.parse(side, [bytes]);
      if (reading(whole) !== reading(mine)) found = 'another reading when the bytes come in pieces';
    }
    if (found !== undefined) {
      const where = `seed ${seed}, stream ${count}, ${side}, pieces of ${pieces.map((piece) => piece.length).join(' ')}`;
      return {
        streams: count + 1,
        accepted,
        refused,
        reasons,
        difference: `${found}\n${where}\n${JSON.stringify(text)}`,
      };
    }
    accepted += mine.messages.length;
    if (mine.error !== undefined) {
      refused += 1;
      reasons.set(mine.error, (reasons.get(mine.error) ?? 0) + 1);
    }
  }
  return { streams, accepted, refused, reasons, difference: undefined };
}
