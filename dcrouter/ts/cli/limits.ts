/**
 * Every bound and time of the command, with unit and reason.
 *
 * @module
 */
export const cliLimits = {
  /** Milliseconds that an answer may take: a restart is answered when the new process serves, within 30 s by default. */
  requestMs: 120_000,
  /** Milliseconds until a router that is looked for has answered; `doctor` and `top` shall not hang. */
  probeMs: 3_000,
  /** Bytes of one answer: the largest document, escaped as JSON, and some. */
  answerBytesMax: 67_108_864,
  /** Bytes of a file or of standard input that is sent: what the API takes at most. */
  inputBytesMax: 33_554_432,
  /** Characters of one message of a stream: one log line or event; whoever sends more speaks something else. */
  messageCharsMax: 4_194_304,
  /** Items of one page: as many as the API gives. */
  pageItems: 1_000,
  /** Items of one list unless `--limit` says otherwise: more is not read by anybody, and `--cursor` goes on. */
  listItems: 10_000,
  /** Columns of a line where the terminal does not say; help is wrapped at it. */
  columns: 100,
  /** Characters that a shortened column keeps at least. */
  columnCharsMin: 8,
  /** Differences of a plan that are shown; the others are counted. */
  differencesShown: 100,
  /** Characters of one value in a difference. */
  valueChars: 160,
  /** Milliseconds without anything on a stream: the API's heartbeat comes every 15 s, so nobody is there any more. */
  streamSilentMs: 60_000,
  /** Log lines that are known as shown, as a stream that is opened again begins with the latest ones: as many as it can. */
  linesKnown: 1_000,
  /** Times that a lost stream is tried again, as a restart of the router ends it. */
  streamTries: 5,
  /** Milliseconds between them. */
  streamRetryMs: 500,
  /** Milliseconds between two frames of `top`, unless told. */
  topIntervalMs: 1_000,
  topIntervalMsMin: 100,
  /** Milliseconds of any time that is given as text: a timer's largest (2^31 − 1). */
  durationMsMax: 2_147_483_647,
  /** Rows of each list in `top` where there is no terminal to fit. */
  topRows: 20,
} as const;
