/**
 * Names as text: normal form, parents, order.
 *
 * @module
 */
import { WireEncodeError } from '../errors.ts';
import { escapeLength, escapeValue, nameFromWire, nameToCanonicalWire } from './bytes.ts';

/** Names that are already in normal form: no upper case, no escape, no final dot, nothing outside ASCII. */
const alreadyNormal = /^[!-\x2d\x2f-@\x5b\x5d-~]+(?:\.[!-\x2d\x2f-@\x5b\x5d-~]+)*$/;

/**
 * A name in the form used as a key: lower case, no final dot, `.` for the root, one spelling per escape.
 *
 * @throws WireEncodeError for text that is no name.
 */
export function normalizeName(name: string): string {
  if (name.length < 64 && alreadyNormal.test(name)) return name;
  return nameFromWire(nameToCanonicalWire(name));
}

/** Whether the text is a name that fits on the wire. */
export function isName(name: string): boolean {
  try {
    nameToCanonicalWire(name);
    return true;
  } catch (error) {
    if (error instanceof WireEncodeError) return false;
    throw error;
  }
}

/** Index of the dot that ends the label starting at `from`, or -1 when it is the last label. */
export function labelEnd(name: string, from: number): number {
  let index = name.indexOf('.', from);
  if (index <= 0 || name.charCodeAt(index - 1) !== 92) return index;
  index = from;
  while (index < name.length) {
    const code = name.charCodeAt(index);
    if (code === 46) return index;
    index += code === 92 ? escapeLength(name, index) : 1;
  }
  return -1;
}

/** Labels of a name from left to right, as text with their escapes; none for the root. */
export function splitLabels(name: string): string[] {
  if (name === '' || name === '.') return [];
  const labels: string[] = [];
  let from = 0;
  while (from < name.length) {
    const end = labelEnd(name, from);
    if (end < 0) {
      labels.push(name.slice(from));
      break;
    }
    labels.push(name.slice(from, end));
    from = end + 1;
  }
  return labels;
}

/** Number of labels, root not counted: 0 for `.`, 2 for `example.com`. */
export function labelCount(name: string): number {
  if (name === '' || name === '.') return 0;
  let count = 1;
  let end = labelEnd(name, 0);
  while (end >= 0 && end < name.length - 1) {
    count++;
    end = labelEnd(name, end + 1);
  }
  return count;
}

/** The name without its first label; `.` for a name of one label and for the root. */
export function parentName(name: string): string {
  const end = labelEnd(name, 0);
  return end < 0 || end >= name.length - 1 ? '.' : name.slice(end + 1);
}

/** The first label, `''` for the root. */
export function firstLabel(name: string): string {
  if (name === '.' || name === '') return '';
  const end = labelEnd(name, 0);
  return end < 0 ? name : name.slice(0, end);
}

/** Puts labels in front of a name: `joinName('www', 'example.com')`, `joinName('com', '.')`. */
export function joinName(labels: string, name: string): string {
  if (labels === '' || labels === '.') return name === '' ? '.' : name;
  return name === '.' || name === '' ? labels : `${labels}.${name}`;
}

function needsNormal(name: string): boolean {
  return name.length === 0 || !alreadyNormal.test(name);
}

/** Whether `name` is `ancestor` or below it. Letter case and a final dot do not matter. */
export function isSubdomain(name: string, ancestor: string): boolean {
  const child = needsNormal(name) ? normalizeName(name) : name;
  const parent = needsNormal(ancestor) ? normalizeName(ancestor) : ancestor;
  return isNormalSubdomain(child, parent);
}

/** As {@link isSubdomain}, for names already in normal form. */
export function isNormalSubdomain(name: string, ancestor: string): boolean {
  if (ancestor === '.' || name === ancestor) return true;
  const start = name.length - ancestor.length;
  if (start < 2 || name.charCodeAt(start - 1) !== 46 || !name.endsWith(ancestor)) return false;
  // The dot is a separator unless an odd number of backslashes stands before it.
  let slashes = 0;
  while (start - 2 - slashes >= 0 && name.charCodeAt(start - 2 - slashes) === 92) slashes++;
  return slashes % 2 === 0;
}

/** Whether two names are the same but for letter case, final dot and spelling of escapes. */
export function equalNames(left: string, right: string): boolean {
  return left === right || normalizeName(left) === normalizeName(right);
}

/** Bytes of one label as a string of Latin-1 characters, lower case. */
function labelBytes(label: string): string {
  if (!label.includes('\\')) return label.toLowerCase();
  let bytes = '';
  for (let index = 0; index < label.length; index++) {
    const code = label.charCodeAt(index);
    if (code !== 92) {
      bytes += label.charAt(index);
      continue;
    }
    bytes += String.fromCharCode(escapeValue(label, index));
    index += escapeLength(label, index) - 1;
  }
  return bytes.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * A string whose plain order is the canonical order of names (RFC 4034 §6.1): labels from the right, each byte moved up
 * by one so that the label separator sorts below every byte.
 */
export function canonicalKey(name: string): string {
  const labels = splitLabels(name.endsWith('.') ? normalizeName(name) : name);
  let key = '';
  for (let index = labels.length - 1; index >= 0; index--) {
    const bytes = labelBytes(labels[index]!);
    for (let at = 0; at < bytes.length; at++) key += String.fromCharCode(bytes.charCodeAt(at) + 1);
    key += '\0';
  }
  return key;
}

/** Canonical order of two names (RFC 4034 §6.1): below 0, 0 or above 0. */
export function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  const leftKey = canonicalKey(left);
  const rightKey = canonicalKey(right);
  if (leftKey === rightKey) return 0;
  return leftKey < rightKey ? -1 : 1;
}

/** Whether the first label is the wildcard label `*` (RFC 4592 §2.1.1). */
export function isWildcardName(name: string): boolean {
  return name === '*' || name.startsWith('*.');
}
