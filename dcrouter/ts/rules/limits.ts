/**
 * Every bound of the rule engine, with its unit and reason.
 *
 * @module
 */
export const ruleLimits = {
  /** Characters of one expression: what a person can still read; the configuration's schema has the same. */
  expressionChars: 4_096,
  /** Parentheses, `not` and calls inside one another: the parser and what it makes are recursive. */
  depth: 64,
  /** Nodes of one expression, so that no rule costs more than some microseconds. */
  nodes: 1_000,
  /** Characters of a regular expression. */
  patternChars: 512,
  /** States of a regular expression after its repeats are written out: each costs work per character. */
  patternStates: 500,
  /** `{m,n}`: how often a part may be written out. */
  patternRepeats: 100,
  /** Sets of states that a regular expression keeps; past it they are made anew. */
  patternSets: 256,
  /** Characters of a text that regular expressions look at, as many as a request head may have. */
  subjectChars: 16_384,
  /** Distinct tags of all rules. */
  tags: 256,
  /** Distinct counters of all rules. */
  counters: 64,
  /** Keys of one counter; past it the oldest is given up, which is counted. */
  counterKeys: 100_000,
  /** Characters of a counter's key; longer ones are cut. */
  counterKeyChars: 128,
  /** Longest window of a counter, ms: a day. */
  windowMs: 86_400_000,
  /** Longest time that a tarpit holds somebody, ms. */
  tarpitMs: 60_000,
  /** Combinations of effects of matching rules that are kept ready; past it they are made for each use. */
  combinations: 10_000,
  /** Log lines of all rules per second; further ones are counted and left out. */
  logLinesPerSecond: 100,
  /** Characters of one recorded header value. */
  recordedValueChars: 256,
} as const;
