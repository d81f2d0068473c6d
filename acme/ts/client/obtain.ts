/**
 * From names to a certificate: order, challenges, finalization, download, checks.
 *
 * @module
 */
import type { IChallengeAnswer, IChallengeSolver } from '../challenges/answers.ts';
import { keyAuthorization } from '../challenges/answers.ts';
import { certificateCovers, inspectCertificate, keyMatchesCertificate, splitPemChain } from '../certificate/inspect.ts';
import type { ICertificateInfo } from '../certificate/inspect.ts';
import type { ICertificateKeyPair, TCertificateKeyType } from '../certificate/key-pair.ts';
import { generateCertificateKey } from '../certificate/key-pair.ts';
import { normalizeNames } from '../certificate/names.ts';
import { createCertificateRequest } from '../certificate/request.ts';
import { AcmeError, messageOf } from '../errors/acme-error.ts';
import * as limits from '../limits/limits.ts';
import type { IAuthorization, IChallenge, IOrder } from '../protocol/resources.ts';
import { problemError } from '../protocol/session.ts';
import type { AcmeClient } from './acme-client.ts';
import type { IPollOptions } from './poll.ts';
import { pollUntil } from './poll.ts';

export interface IObtainOptions {
  readonly names: readonly string[];
  /** In order of preference: the first that the CA offers and that can serve the name is used. */
  readonly solvers: readonly IChallengeSolver[];
  /** Default: a new key of `keyType`. */
  readonly keyPair?: ICertificateKeyPair;
  readonly keyType?: TCertificateKeyType;
  /** The certificate that is being renewed, PEM. */
  readonly replaces?: string;
  /** Common name of the issuer at the top of the wanted chain; the default chain is used when none has it. */
  readonly preferredChain?: string;
  readonly profile?: string;
  /** Milliseconds for the whole order; default 5 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A certificate in hand. */
export interface IObtainedCertificate {
  /** Chain, leaf first, PEM. */
  readonly cert: string;
  /** PKCS #8 PEM. */
  readonly key: string;
  readonly info: ICertificateInfo;
}

/** One challenge that is being answered. */
interface IAttempt {
  readonly authorization: IAuthorization;
  readonly challenge: IChallenge;
  readonly solver: IChallengeSolver;
  readonly answer: IChallengeAnswer;
}

/**
 * Obtains one certificate for all `names`.
 *
 * Everything presented is cleaned up and every authorization left pending is given back, also after a failure.
 *
 * @throws AcmeError; see {@link TAcmeErrorCode}.
 */
export async function obtainCertificate(client: AcmeClient, options: IObtainOptions): Promise<IObtainedCertificate> {
  const names = normalizeNames(options.names);
  const signal = options.signal;
  const timeoutMs = options.timeoutMs ?? limits.orderDeadlineMs;
  const deadline = { clock: client.clock, deadlineMs: client.clock.now() + timeoutMs, ...(signal ? { signal } : {}) };
  const keyPair = options.keyPair ?? (await generateCertificateKey(options.keyType));
  let order = await client.newOrder(names, options);
  if (order.status === 'pending') await authorize(client, order, options.solvers, deadline);
  order = await decidedOrder(client, order, ['ready', 'valid'], deadline);
  if (order.status === 'ready') {
    await client.finalize(order, createCertificateRequest(names, keyPair), signal);
    order = await decidedOrder(client, order, ['valid'], deadline);
  }
  if (order.certificate === undefined) throw new AcmeError('ACME_PROTOCOL', 'a valid order names no certificate');
  const wanted = options.preferredChain;
  const download = await client.downloadCertificate(order.certificate, wanted !== undefined, signal);
  const cert = [download.chain, ...download.alternates].find((chain) => endsAt(chain, wanted)) ?? download.chain;
  const info = inspectCertificate(cert);
  if (!keyMatchesCertificate(cert, keyPair.pem)) {
    throw new AcmeError('ACME_CERTIFICATE', 'the delivered certificate is for another key');
  }
  if (!certificateCovers(info, names)) {
    throw new AcmeError('ACME_CERTIFICATE', `the delivered certificate does not cover ${names.join(', ')}`);
  }
  return { cert, key: keyPair.pem, info };
}

function endsAt(chain: string, commonName: string | undefined): boolean {
  const top = splitPemChain(chain).at(-1);
  return top !== undefined && commonName !== undefined && inspectCertificate(top).issuer.includes(`CN=${commonName}`);
}

async function decidedOrder(
  client: AcmeClient,
  order: IOrder,
  wanted: readonly IOrder['status'][],
  deadline: Omit<IPollOptions, 'what'>,
): Promise<IOrder> {
  const decided = await pollUntil(
    () => client.order(order.url, deadline.signal),
    (resource) => resource.status === 'invalid' || wanted.includes(resource.status),
    { ...deadline, what: 'the order' },
  );
  if (decided.status !== 'invalid') return decided;
  const problem = decided.error;
  const cause = problem === undefined ? undefined : problemError(problem, problem.status);
  throw new AcmeError('ACME_ORDER_FAILED', cause?.message ?? 'the CA declared the order invalid', {
    cause,
    ...(problem === undefined ? {} : { problemType: problem.type, subproblems: problem.subproblems }),
  });
}

/** Answers every pending authorization of an order and waits until all are valid. */
async function authorize(
  client: AcmeClient,
  order: IOrder,
  solvers: readonly IChallengeSolver[],
  deadline: Omit<IPollOptions, 'what'>,
): Promise<void> {
  const pending: IAuthorization[] = [];
  for (const url of order.authorizations) {
    const { resource } = await client.authorization(url, deadline.signal);
    // RFC 8555 §7.1.4: authorizations of earlier orders may be valid still.
    if (resource.status === 'pending') pending.push(resource);
  }
  const presented: IAttempt[] = [];
  const open = new Set(pending.map((authorization) => authorization.url));
  const controller = new AbortController();
  const signal = deadline.signal ? AbortSignal.any([deadline.signal, controller.signal]) : controller.signal;
  try {
    const attempts = pending.map((authorization) => chooseChallenge(client, authorization, solvers));
    // All answers stand before the CA is told of any: two names may share one place, as a name and its wildcard do.
    for (const attempt of attempts) {
      presented.push(attempt);
      await present(attempt, signal);
    }
    await Promise.all(attempts.map((attempt) => validate(client, attempt, { ...deadline, signal }, open)));
  } finally {
    // One failed name ends the order; the looks at the others would only use up the CA's patience.
    controller.abort();
    await Promise.allSettled([
      ...presented.map(async (attempt) => attempt.solver.cleanup(attempt.answer)),
      ...giveBack(client, open, deadline.signal),
    ]);
  }
}

/** Deactivates what is still pending, for as long as good manners are worth. */
function giveBack(client: AcmeClient, open: Set<string>, signal: AbortSignal | undefined): Promise<void>[] {
  if (signal?.aborted === true) return [];
  const timeout = AbortSignal.timeout(limits.giveBackTimeoutMs);
  return [...open].map((url) => client.deactivateAuthorization(url, timeout));
}

function chooseChallenge(
  client: AcmeClient,
  authorization: IAuthorization,
  solvers: readonly IChallengeSolver[],
): IAttempt {
  const { identifier, wildcard, challenges } = authorization;
  for (const solver of solvers) {
    const challenge = challenges.find((item) => item.type === solver.type && item.token !== '' && item.url !== '');
    if (challenge === undefined || solver.canSolve?.(identifier, wildcard) === false) continue;
    const answer: IChallengeAnswer = {
      type: solver.type,
      identifier,
      wildcard,
      token: challenge.token,
      keyAuthorization: keyAuthorization(challenge.token, client.thumbprint),
    };
    return { authorization, challenge, solver, answer };
  }
  const name = `${wildcard ? '*.' : ''}${identifier.value}`;
  const offered = challenges.map((item) => item.type).join(', ');
  throw new AcmeError('ACME_NO_SOLVER', `no way to prove ${name}: the CA offers ${offered}`, { name });
}

async function present(attempt: IAttempt, signal: AbortSignal): Promise<void> {
  const name = attempt.answer.identifier.value;
  try {
    await untilAborted(attempt.solver.present(attempt.answer, signal), signal);
  } catch (cause) {
    if (signal.aborted) throw new AcmeError('ACME_ABORTED', 'the order was aborted', { cause });
    const message = `the ${attempt.solver.type} answer for ${name} could not be presented: ${messageOf(cause)}`;
    throw new AcmeError('ACME_SOLVER_FAILED', message, { cause, name, retry: true });
  }
}

/** Foreign work, no longer waited for once the signal is raised. */
function untilAborted(work: Promise<void> | void, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (): void => reject(new AcmeError('ACME_ABORTED', 'the order was aborted'));
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  Promise.resolve(work)
    .then(resolve, reject)
    .finally(() => signal.removeEventListener('abort', giveUp));
  return promise;
}

async function validate(
  client: AcmeClient,
  attempt: IAttempt,
  deadline: Omit<IPollOptions, 'what'>,
  open: Set<string>,
): Promise<void> {
  const { url, identifier } = attempt.authorization;
  await client.answerChallenge(attempt.challenge.url, deadline.signal);
  const decided = await pollUntil(
    () => client.authorization(url, deadline.signal),
    (resource) => resource.status !== 'pending',
    { ...deadline, what: identifier.value },
  );
  open.delete(url);
  if (decided.status === 'valid') return;
  const problem = decided.challenges.find((item) => item.error !== undefined)?.error;
  const why = problem === undefined ? `is ${decided.status}` : `${problem.detail} (${problem.type})`;
  throw new AcmeError('ACME_CHALLENGE_FAILED', `${attempt.solver.type} for ${identifier.value}: ${why}`, {
    name: identifier.value,
    ...(problem === undefined ? {} : { problemType: problem.type, subproblems: problem.subproblems }),
  });
}
