/**
 * Mutated packets and the laws that the codec keeps for all of them.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { decodeMessage, encodeMessage, encodeRecordData, formatRecord, parseRecord, questionOk } from '#wire';
import type { IDnsMessage, IResourceRecord, QuestionReader } from '#wire';
import type { Random } from './random.ts';
import { randomMessage } from './records.ts';

/** What one packet turned out to be. */
export interface IFuzzTally {
  packets: number;
  decoded: number;
  /** Packets not understood, by reason. */
  refused: Map<string, number>;
}

export function makeTally(): IFuzzTally {
  return { packets: 0, decoded: 0, refused: new Map() };
}

/** Packets to mutate: random messages with and without compression. */
export function makeCorpus(random: Random, count: number): Buffer[] {
  return Array.from({ length: count }, () => encodeMessage(randomMessage(random), { compress: !random.chance(4) }));
}

const interestingBytes = [0, 1, 12, 41, 63, 64, 127, 128, 191, 192, 255];

/** Writes a mutation of a packet of the corpus into `target` and returns its length. */
export function mutate(random: Random, corpus: readonly Buffer[], target: Buffer): number {
  const source = random.pick(corpus);
  let length = source.copy(target);
  for (let step = random.between(1, 6); step > 0; step--) {
    const at = random.below(Math.max(length, 1));
    switch (random.below(8)) {
      case 0:
        target[at] = random.next() & 255;
        break;
      case 1:
        target[at] = random.pick(interestingBytes);
        break;
      case 2:
        target[at] = target[at]! ^ (1 << random.below(8));
        break;
      case 3:
        length = at;
        break;
      case 4: {
        // A compression pointer to anywhere, itself and the future included.
        if (at + 1 >= length) break;
        const to = random.below(length + 8);
        target[at] = 0xc0 | (to >> 8);
        target[at + 1] = to & 255;
        break;
      }
      case 5: {
        const size = random.below(16);
        if (length + size > target.length) break;
        target.copyWithin(at + size, at, length);
        length += size;
        break;
      }
      case 6: {
        const size = Math.min(random.below(16), length - at);
        target.copyWithin(at, at + size, length);
        length -= size;
        break;
      }
      default:
        // A count or a length: two bytes at once.
        if (at + 1 < length) target.writeUInt16BE(random.chance(2) ? random.below(65_536) : random.below(64), at);
    }
  }
  return length;
}

/** Checks every law for one packet. */
export function checkPacket(packet: Buffer, reader: QuestionReader, tally: IFuzzTally, deep: boolean): void {
  tally.packets++;
  const result = decodeMessage(packet);
  const code = reader.read(packet, packet.length);
  if (!result.ok) {
    tally.refused.set(result.reason, (tally.refused.get(result.reason) ?? 0) + 1);
    assert.equal(result.id, packet.length >= 2 ? packet.readUInt16BE(0) : null);
    return;
  }
  tally.decoded++;
  const { message } = result;
  // What the full decoder understands, the quick reader understands alike.
  assert.equal(code, questionOk);
  assert.equal(reader.id, message.id);
  assert.equal(reader.qdcount, message.questions.length);
  assert.equal(reader.hasEdns, message.edns !== undefined);
  if (message.edns !== undefined) assert.equal(reader.dnssecOk, message.edns.dnssecOk);
  const question = message.questions[0];
  if (question !== undefined) assert.equal(reader.name(), lowered(question.name));
  if (!deep) return;
  checkEncoding(message);
  for (const record of [...message.answers, ...message.authorities, ...message.additionals]) checkText(record);
}

function lowered(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** What was decoded can be encoded, and decodes to the same again. */
function checkEncoding(message: IDnsMessage): void {
  const again = decodeMessage(encodeMessage(message, { compress: false }));
  assert.ok(again.ok);
  assert.deepEqual(again.message, message);
}

/** A record's text reads back as the same bytes. */
function checkText(record: IResourceRecord): void {
  if (record.data instanceof Buffer && record.data.length === 0) return;
  const parsed = parseRecord(formatRecord(record));
  assert.equal(parsed.name, record.name);
  assert.equal(parsed.ttl, record.ttl);
  assert.deepEqual(encodeRecordData(parsed.type, parsed.data), encodeRecordData(record.type, record.data));
}
