import type { TFormat } from '../exposition/format.ts';
import { limits } from '../limits/limits.ts';

interface IRange {
  value: string;
  parameters: Map<string, string>;
  quality: number;
}

/** A quality value (RFC 9110 §12.4.2): 0 to 1 with at most three decimals. */
const QUALITY = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * Picks the exposition format for an Accept field (RFC 9110 §12.5.1): the highest quality among what we speak, the
 * first one listed among equals, text 0.0.4 when nothing fits, for a scraper is better served with that than with 406.
 */
export function negotiateFormat(accept: string | undefined): TFormat {
  let best: TFormat = 'text';
  let bestQuality = 0;
  for (const range of parseRanges(accept ?? '')) {
    const format = formatOf(range);
    if (format === undefined || range.quality <= bestQuality) continue;
    best = format;
    bestQuality = range.quality;
  }
  return best;
}

/** True when an Accept-Encoding field (RFC 9110 §12.5.3) allows gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  let any = false;
  for (const { value, quality } of parseRanges(acceptEncoding ?? '')) {
    if (value === 'gzip' || value === 'x-gzip') return quality > 0;
    if (value === '*') any = quality > 0;
  }
  return any;
}

function formatOf({ value, parameters }: IRange): TFormat | undefined {
  const version = parameters.get('version');
  if (value === 'application/openmetrics-text')
    return version === undefined || version === '1.0.0' ? 'openmetrics' : undefined;
  if (value === 'text/plain') return version === undefined || version === '0.0.4' ? 'text' : undefined;
  return value === '*/*' || value === 'text/*' ? 'text' : undefined;
}

function parseRanges(field: string): IRange[] {
  const ranges: IRange[] = [];
  for (const part of field.split(',', limits.acceptRangesMax)) {
    const [value = '', ...rest] = part.split(';').map((piece) => piece.trim());
    if (value === '') continue;
    const parameters = new Map<string, string>();
    for (const parameter of rest) {
      const equals = parameter.indexOf('=');
      if (equals <= 0) continue;
      const text = parameter.slice(equals + 1).trim();
      const unquoted = text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
      parameters.set(parameter.slice(0, equals).trim().toLowerCase(), unquoted);
    }
    const quality = parameters.get('q') ?? '1';
    ranges.push({ value: value.toLowerCase(), parameters, quality: QUALITY.test(quality) ? Number(quality) : 0 });
  }
  return ranges;
}
