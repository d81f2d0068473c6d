/**
 * The path that routes, exclusions and rates look at. A target may read `/%61dmin`, `//admin` and `/%2fadmin` as
 * `/admin`; a rule for `/admin` must too, or it is no rule. What is forwarded stays as the client wrote it.
 *
 * @module
 */

const ESCAPE = /%([0-9A-Fa-f]{2})/g;
/** RFC 3986 §2.3: encoded or not, these mean the same (§6.2.2.2). */
const UNRESERVED = /[A-Za-z0-9._~-]/;
/** Separators that some target may take for one: two in a row leave out an empty segment. */
const SEPARATORS = /(?:\/|%2F|%5C){2,}/g;
/** A segment of dots, also before a path parameter, which some targets cut off first. */
const DOT_SEGMENT = /(?:^|\/|%2F|%5C)\.{1,2}(?:$|\/|%2F|%5C|;)/;

/**
 * Escapes of unreserved characters decoded, the others in upper case, runs of separators as one slash.
 *
 * @returns null when a target might read a `.` or `..` segment out of the path: where it leads only the target knows.
 */
export function routingPath(path: string): string | null {
  const hasEscapes = path.includes('%');
  if (!hasEscapes && !path.includes('//') && !path.includes('.;')) return path;
  const decoded = hasEscapes ? normalizeEscapes(path) : path;
  if (DOT_SEGMENT.test(decoded)) return null;
  return decoded.replaceAll(SEPARATORS, '/');
}

/** As {@link routingPath}, for a pattern of the configuration: only its escapes are brought into the same form. */
export function normalizeEscapes(text: string): string {
  return text.replaceAll(ESCAPE, (escape, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(char) ? char : escape.toUpperCase();
  });
}
