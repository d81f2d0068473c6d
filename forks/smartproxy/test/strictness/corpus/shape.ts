// One entry of the corpus.

/** The request that an attack tries to get past the proxy. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: h.test\r\n\r\n';

export interface IAttack {
  readonly name: string;
  /** What is sent, as latin1; {@link SMUGGLED} follows it. */
  readonly bytes: string;
  /** The status that the client gets. */
  readonly status: number;
  /** What it is counted under in `getRejectReasons()`. */
  readonly reason: string;
  /** 400 and 505 are both right: the version itself is what is broken. */
  readonly versionAllowed?: boolean;
  /** Any 4xx or 5xx is right. */
  readonly anyRefusal?: boolean;
}

/** What a request looked like when it arrived behind the proxy. */
export interface IArrival {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** A request stream that is lawful, and what must arrive of it. */
export interface ILawful {
  readonly name: string;
  readonly bytes: string;
  readonly arrivals: readonly IArrival[];
  /** Field names that must not reach the backend. */
  readonly removed?: readonly string[];
}

/** A body that breaks off the framing after the head was good. */
export interface IBrokenBody {
  readonly name: string;
  readonly body: string;
  /** What it is counted under in `getRejectReasons()`. */
  readonly reason: string;
}

/** A backend's answer that must not reach the client as it is. */
export interface IBadResponse {
  readonly name: string;
  readonly bytes: string;
}
