/**
 * Makes images of answers that may be given again.
 *
 * @module
 */
import { keepResults } from '../handlers/results.ts';
import { imageBytesMax } from '../limits/index.ts';
import type { Exchange } from './exchange.ts';
import { cdBit, headerBytes, rdBit } from './header.ts';
import { AnswerImage, lowerName } from './image.ts';
import type { DnsResponse } from './response.ts';

/**
 * The image of an answer as it was encoded for `exchange`; undefined when it cannot be used again.
 *
 * @param unsigned the answer that middlewares see
 * @param sent the answer as encoded, with its signatures
 */
export function buildImage(
  exchange: Exchange,
  unsigned: DnsResponse,
  sent: DnsResponse,
  packet: Buffer,
  epoch: number,
): AnswerImage | undefined {
  const { recipe } = sent;
  if (recipe === undefined || packet.length > imageBytesMax) {
    return undefined;
  }
  const results = recipe.entries === undefined ? [] : keepResults(recipe.results ?? []);
  if (results === undefined) {
    return undefined;
  }
  // Memory of its own: a kept piece of Node's pool keeps all 64 KiB of it.
  const wire = Buffer.allocUnsafeSlow(packet.length);
  packet.copy(wire);
  // Bits that each query brings itself.
  wire[2]! &= ~rdBit;
  wire[3]! &= ~cdBit;
  const name = lowerName(exchange.packet, headerBytes, headerBytes + exchange.nameBytes);
  const question = { name: exchange.domain, type: exchange.type, class: 'IN' };
  const image = new AnswerImage(
    exchange.imageHash,
    name,
    exchange.flavour,
    exchange.typeNumber,
    question,
    wire,
    unsigned,
    sent,
  );
  image.epoch = epoch;
  image.entries = recipe.entries;
  image.results = results;
  image.expiresMs = recipe.expiresMs ?? Infinity;
  image.cached = recipe.cached ?? false;
  return image;
}
