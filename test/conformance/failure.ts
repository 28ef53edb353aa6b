import { CertError } from '../../src/model/errors.js';

/** The CertError a call ends with; anything else is a defect of the provider and thrown on. */
export async function failureOf(call: Promise<unknown>): Promise<CertError> {
  const outcome = await call.then(
    () => new Error('the call went through'),
    (error: unknown) => error,
  );
  if (!(outcome instanceof CertError)) throw outcome;
  return outcome;
}
