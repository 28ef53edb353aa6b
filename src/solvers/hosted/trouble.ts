import { CertError, messageOf } from '../../model/errors.js';

const SHOWN_CHARACTERS = 200;

/** What a service says, fit for a status file: one line, nothing a terminal would obey. */
export const oneLine = (text: string): string => {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
};

/** A failure on the way to a service, as one of the solver: nothing was changed, or a later try finds out. */
export function onTheWay(error: unknown, label: string): CertError {
  if (error instanceof CertError && (error.code === 'interrupted' || error.code.startsWith('solver.')))
    return error;
  const details = error instanceof CertError ? error : undefined;
  return new CertError('solver.failed', `${label} cannot be used: ${oneLine(messageOf(error))}`, {
    cause: error,
    ...(details?.remedy === undefined ? {} : { remedy: details.remedy }),
    ...(details?.providerText === undefined ? {} : { providerText: details.providerText }),
    ...(details?.retryAtMs === undefined ? {} : { retryAtMs: details.retryAtMs }),
  });
}
