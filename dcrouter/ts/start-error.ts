/** The router could not start for a reason that its user can mend; `message` is one clear line. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code = 'DCR_START_FAILED';
}

interface ISystemError {
  code?: string;
  address?: string;
  port?: number;
  path?: string;
  message?: string;
}

/** Words a system error so that it names the address or the file and the way out; what is worded already stays. */
export function explainStartError(what: string, error: unknown): StartError {
  if (error instanceof StartError) return error;
  const system = findSystemError(error);
  if (!system)
    return new StartError(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  if (system.path !== undefined && system.port === undefined) {
    return new StartError(`${what}: ${fileReason(system, system.path)}`, { cause: error });
  }
  const where = system.port === undefined ? '' : ` ${system.address ?? ''}:${system.port}`;
  const reason =
    system.code === 'EADDRINUSE'
      ? `the address${where} is in use by another program; stop it or choose another port`
      : system.code === 'EACCES'
        ? `this user may not listen on${where}; choose a port above 1023 or grant CAP_NET_BIND_SERVICE`
        : system.code === 'EADDRNOTAVAIL'
          ? `the address${where} does not belong to this machine`
          : `${system.code ?? 'error'} on${where}`;
  return new StartError(`${what}: ${reason}`, { cause: error });
}

function fileReason({ code, message = 'error' }: ISystemError, path: string): string {
  const named = message.includes(path) ? message : `${message}: ${path}`;
  return code === 'EACCES' || code === 'EPERM' ? `${named}; let the user of this process use it` : named;
}

/** Libraries wrap the system's error; the innermost one with a code says what happened. */
function findSystemError(error: unknown): ISystemError | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const candidate = current as ISystemError & Error;
    if (typeof candidate.code === 'string' && /^E[A-Z]+$/.test(candidate.code)) return candidate;
    current = current.cause;
  }
  return undefined;
}
