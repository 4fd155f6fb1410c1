/**
 * What went wrong, in words for people: which failures Temporal retries, and which a person gets
 * at once.
 */
import { ToolkitError } from '@aws-cdk/toolkit-lib';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';

/** What retrying does not help against. */
export function refused(type: string, cause: string, advice?: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message: cause, nonRetryable: true, details: [{ cause, advice }] });
}

/** The approved plan cannot be built any more: the bot plans anew by itself. */
export function stale(cause: string): ApplicationFailure {
  return refused('StalePlan', cause);
}

/** A stack with this request's name belongs to somebody else. */
export function taken(name: string): ApplicationFailure {
  const cause = `A stack ${name} is there, and does not say that it is this request's. Nothing was changed.`;
  return refused('NotOurs', cause, 'Look in the account whose it is.');
}

const CREDENTIALS = [
  'CredentialsProviderError', 'ExpiredToken', 'ExpiredTokenException', 'InvalidClientTokenId',
  'SignatureDoesNotMatch', 'TokenProviderError', 'UnrecognizedClientException',
];
const DENIED = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'];

/** Any error as Temporal should record it: `step` is what was being done. */
export function failure(error: unknown, step: string, profile: string): unknown {
  if (error instanceof TemporalFailure) {
    return error; // one of the above, or a cancellation
  }
  const cause = error instanceof Error ? error.message : String(error);
  const said = (type: string, nonRetryable: boolean, advice?: string) =>
    ApplicationFailure.create({ message: `${step}: ${cause}`, type, nonRetryable, details: [{ step, cause, advice }] });
  const name = origin(error)?.name ?? 'Error';
  if (CREDENTIALS.includes(name) || ToolkitError.isAuthenticationError(error)) {
    return said('Credentials', true, `The profile ${profile} has no valid credentials where the worker runs.`);
  }
  if (DENIED.includes(name)) {
    return said('AccessDenied', true, `The profile ${profile} needs more permissions.`);
  }
  // The toolkit's own verdicts, and what CloudFormation calls a mistake of ours.
  const isVerdict = ToolkitError.isToolkitError(origin(error)) || name === 'ValidationError';
  return said(name, isVerdict);
}

/** The error at the beginning of a chain of causes: of AWS, where the toolkit only passes it on. */
function origin(error: unknown): Error | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  return origin(error.cause) ?? error;
}
