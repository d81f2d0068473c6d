/** Bounds and times of worker processes, each with its unit and the reason for its value. */
export const clusterLimits = {
  /** Worker processes; more than any machine has cores to run them on. */
  workersMax: 256,
  /** Between two reports of a worker, ms: how old the primary's numbers and events may be. */
  reportMs: 250,
  /**
   * A worker tells the others of a change against a limit when it is this part of its share: so much may all of them
   * together be wrong about the limit, and so seldom do they talk.
   */
  shareParts: 8,
  /** How long a worker gathers, ms, what its targets have to do before it tells the others, for `least-connections`. */
  loadMs: 20,
  /** How long a worker may take, ms, to say what it has of a target, while requests to the target wait for it. */
  slotAnswerMs: 1_000,
  /** Targets with a maximum of connections that the primary remembers; past it those without a connection are forgotten. */
  slotTargets: 10_000,
  /** Events held by a worker; at this many it reports at once. */
  eventsHeld: 1_000,
  /** A worker's answer, ms: opening a port or compiling the largest route table takes less. */
  answerMs: 30_000,
  /** First pause before a dead worker is replaced, ms. Doubles with each death. */
  restartMs: 100,
  /** Longest pause before a dead worker is replaced, ms. */
  restartMsMax: 30_000,
  /** A worker that lived this long, ms, was well: the next pause is the first one again. */
  restartCalmMs: 60_000,
  /** Beyond the drain time, ms, until a worker that does not end is killed. */
  stopGraceMs: 5_000,
  /** Longest timer of Node, ms (2^31 - 1). */
  timerMsMax: 2_147_483_647,
  /** Free ports tried for one route port with `ephemeralPorts`: another process may be faster. */
  ephemeralTries: 5,
} as const;

/** Hours after which the keys of session tickets are replaced: a stolen key opens at most what a day has sealed. */
export const TICKET_ROTATION_HOURS = 24;
/** Longest rotation, hours: 7 days, as long as a session may be resumed (RFC 8446 §4.6.1). */
export const TICKET_ROTATION_HOURS_MAX = 168;
