/** @module */
export { CORS_RESPONSE_FIELDS, Cors } from './cors.ts';
export { HeaderEdits } from './edits.ts';
export { FORWARDED_FIELDS, forwardedLines, type IForwardedFacts, type TForwardedStyle } from './forwarded.ts';
