/**
 * Targets while the proxy runs: where their names lead, and whether they are used. All of it is ours.
 *
 * @module
 */

/** One place that a target's name leads to. Ours. */
export interface ITargetEndpoint {
  /** The host name, or the target of an SRV record. Ours. */
  readonly name: string;
  /** IP addresses, the preferred family first. Ours. */
  readonly addresses: readonly string[];
  /** Port of an SRV record; not read for host names, whose port the route tells. Ours. */
  readonly port: number;
  /** Of an SRV record: the lowest that can be reached is used (RFC 2782). Ours. */
  readonly priority: number;
  /** Of an SRV record: its share of the connections within its priority. Ours. */
  readonly weight: number;
}

/** Finds the addresses of targets that are named. Ours. */
export interface ITargetResolver {
  /**
   * What is known now, or null when it must be asked for. Called for requests and connections to named targets, so it
   * must be quick; the same list, while nothing has changed. Ours.
   *
   * @param service the name is one of SRV records
   */
  peek(name: string, service: boolean): readonly ITargetEndpoint[] | null;
  /** Asks. Rejects when there is no answer, or none with an address. Ours. */
  resolve(name: string, service: boolean): Promise<readonly ITargetEndpoint[]>;
}

/** `ready`: used; `drain`: gets nothing new; `disabled`: as `drain`, and no idle connections are kept to it. Ours. */
export type TUpstreamState = 'ready' | 'drain' | 'disabled';

/** What is changed about a target; what is absent stays. Ours. */
export interface IUpstreamChange {
  /** Whether the target is used. Ours. */
  readonly state?: TUpstreamState;
  /** Its share within its priority, in place of the routes'; null gives it back to the routes. Ours. */
  readonly weight?: number | null;
}

/** A target that routes name, or that something was said about. Ours. */
export interface IUpstreamState {
  /** `host:port`; `name:srv` for targets by SRV records. Ours. */
  readonly target: string;
  /** Whether it is used. Ours. */
  readonly state: TUpstreamState;
  /** Null: as the routes say. Ours. */
  readonly weight: number | null;
  /** What `setTargetHealth` said last; true before that. Ours. */
  readonly healthy: boolean;
  /** Why it is not healthy. Ours. */
  readonly reason: string | null;
}
