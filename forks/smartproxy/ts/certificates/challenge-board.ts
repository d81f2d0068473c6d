/**
 * Challenge answers that stand at the moment, looked up by what the CA sends: a path, or a server name.
 *
 * @module
 */
import type { SecureContext } from 'node:tls';
import { createSecureContext } from 'node:tls';

import type { IChallengeAnswer, IChallengeSolver } from '@dcrouter/acme';
import {
  challengeCertificate,
  challengePathPrefix,
  identifierOf,
  keyAuthorizationDigest,
  reverseName,
} from '@dcrouter/acme';

import * as limits from '../limits/certificates.ts';

/** One answer appeared or went. Plain data: it can be sent to other processes that share the ports. */
export interface IChallengeChange {
  readonly action: 'add' | 'remove';
  readonly type: 'http-01' | 'tls-alpn-01';
  /** The name under validation. */
  readonly name: string;
  readonly token: string;
  readonly keyAuthorization: string;
}

interface IStandingContext {
  readonly change: IChallengeChange;
  readonly context: SecureContext;
}

/** Answers http-01 and tls-alpn-01. Look-ups are one map access. */
export class ChallengeBoard {
  /** Told of every change made by {@link solver}; set by whoever shares the board. */
  onChange: ((change: IChallengeChange) => void) | undefined;
  /** Answers that stand; a plain field, as it is read for every request. */
  size = 0;
  readonly #byPath = new Map<string, IChallengeChange>();
  readonly #byServerName = new Map<string, IStandingContext>();

  /** The body for a request path (query included), or null when it is not a standing challenge. */
  response(path: string): string | null {
    if (!path.startsWith(challengePathPrefix)) return null;
    const query = path.indexOf('?');
    return this.#byPath.get(query === -1 ? path : path.slice(0, query))?.keyAuthorization ?? null;
  }

  /** The TLS context for a client that offers `acme-tls/1` and names a server under validation, or null. */
  context(serverName: string): SecureContext | null {
    return this.#byServerName.get(serverName.toLowerCase())?.context ?? null;
  }

  /** What stands, for a process that joins. */
  standing(): IChallengeChange[] {
    return [...this.#byPath.values(), ...[...this.#byServerName.values()].map((item) => item.change)];
  }

  /** Carries out a change, made here or in another process. */
  apply(change: IChallengeChange): void {
    if (change.type === 'http-01') this.#applyPath(change);
    else this.#applyServerName(change);
    this.size = this.#byPath.size + this.#byServerName.size;
  }

  #applyPath(change: IChallengeChange): void {
    const path = challengePathPrefix + change.token;
    if (change.action === 'remove') this.#byPath.delete(path);
    else this.#byPath.set(path, change);
  }

  #applyServerName(change: IChallengeChange): void {
    // RFC 8738 §6: an address is asked for under its reverse name.
    const serverName = identifierOf(change.name).type === 'ip' ? reverseName(change.name) : change.name;
    if (change.action === 'remove') {
      // A later order for the same name has put its own answer there.
      if (this.#byServerName.get(serverName)?.change.token === change.token) this.#byServerName.delete(serverName);
      return;
    }
    const own = challengeCertificate(change.name, keyAuthorizationDigest(change.keyAuthorization));
    const context = createSecureContext({ cert: own.cert, key: own.key });
    this.#byServerName.set(serverName, { change, context });
  }

  /** A solver that puts its answers here. */
  solver(type: 'http-01' | 'tls-alpn-01'): IChallengeSolver {
    const change = (action: 'add' | 'remove', answer: IChallengeAnswer): void => {
      const name = answer.identifier.value;
      const item = { action, type, name, token: answer.token, keyAuthorization: answer.keyAuthorization };
      this.apply(item);
      this.onChange?.(item);
    };
    return {
      type,
      canSolve: (_identifier, wildcard) => !wildcard,
      present: (answer) => {
        if (this.size >= limits.challengesMax) throw new Error(`${limits.challengesMax} challenges stand already`);
        change('add', answer);
      },
      cleanup: (answer) => change('remove', answer),
    };
  }
}
