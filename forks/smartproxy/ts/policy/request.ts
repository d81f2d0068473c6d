/**
 * The request as a policy sees it: one object for the whole process, filled before each call.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import { headersOf } from '../http/context.ts';
import type { Head } from '../http/head.ts';
import type { RequestInfo } from '../http/request.ts';
import { fieldValue } from '../http/rewrite.ts';
import type { IPolicyRequest, IPolicyVerdict } from '../interfaces/policy.ts';

class PolicyRequest implements IPolicyRequest {
  connection!: Connection;
  routeName = '';
  head!: Head;
  info!: RequestInfo;

  get method(): string {
    return this.info.method;
  }

  get host(): string {
    return this.info.host;
  }

  get path(): string {
    return this.info.routePath;
  }

  get query(): string {
    const { target } = this.info;
    const at = target.indexOf('?');
    return at === -1 ? '' : target.slice(at + 1);
  }

  get minorVersion(): number {
    return this.head.minorVersion;
  }

  header(name: string): string | undefined {
    return fieldValue(this.info.text, this.head, name);
  }

  headers(): Record<string, string> {
    return headersOf(this.info.text, this.head);
  }
}

const shared = new PolicyRequest();

/** Asks the policy about a request. */
export function judgeRequest(
  connection: Connection,
  routeName: string,
  head: Head,
  info: RequestInfo,
): IPolicyVerdict | null {
  const { policy } = connection.engine;
  if (policy?.request === undefined) return null;
  shared.connection = connection;
  shared.routeName = routeName;
  shared.head = head;
  shared.info = info;
  return policy.request(shared);
}
