import { CertError, messageOf } from '../../model/errors.js';
import { oneLine, onTheWay } from '../hosted/trouble.js';

export const LABEL = 'Route 53';

/**
 * Names of errors, as https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html and the operations' own
 * pages list them; services answer with some spelled with `Exception` and some without.
 */
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'NotAuthorized', 'OptInRequired']);
const CREDENTIALS = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
]);
const BUSY = new Set([
  'Throttling',
  'ThrottlingException',
  'PriorRequestNotComplete',
  'RequestLimitExceeded',
]);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** Not accepted as it stands: other records are there by now, or one of ours cannot be. */
export const isChangeRefused = (error: unknown): boolean =>
  nameOf(error) === 'InvalidChangeBatch' || nameOf(error) === 'InvalidInput';

/** Why a batch did not happen, in Route 53's own words. */
export function changeRefusal(error: unknown, zone: string): CertError {
  const messages =
    error instanceof Error && 'messages' in error && Array.isArray(error.messages)
      ? error.messages.map(String)
      : [];
  const words = oneLine(messages.join('; ') || messageOf(error));
  return new CertError('solver.failed', `${LABEL} did not change ${zone}: ${words}`);
}

/**
 * A failed call, as one of the solver.
 * @param action  of an IAM policy, `ListHostedZones`
 */
export function callFailure(error: unknown, action: string, where: string, signal: AbortSignal): CertError {
  if (signal.aborted) return new CertError('interrupted', `stopped while talking to ${LABEL}`);
  if (error instanceof CertError) return error;
  const name = nameOf(error);
  const said = `${LABEL} says ${name}: ${oneLine(messageOf(error))}`;
  if (DENIED.has(name)) {
    return new CertError('solver.refused', `${LABEL} does not allow route53:${action}${where}`, {
      providerText: oneLine(messageOf(error)),
      remedy: `allow route53:${action} in the policy of the user or role the keys belong to`,
    });
  }
  if (CREDENTIALS.has(name)) {
    return new CertError('solver.refused', said, {
      remedy: 'the keys are wrong, over, or belong to another partition; and this clock has to be right',
    });
  }
  if (name === 'NoSuchHostedZone') {
    return new CertError('solver.zone', `${LABEL} has no hosted zone${where}`, {
      remedy: 'correct hostedZones:, which lists ids of hosted zones',
    });
  }
  if (BUSY.has(name)) {
    return new CertError('solver.failed', `${said}; it is called too often`, {
      remedy: 'five calls a second are all an account has; what else uses them?',
    });
  }
  return onTheWay(error, LABEL);
}
