import type { Diagnosis } from '../../report/doctor-text.js';

/** One diagnosis. */
export const line = (
  part: string,
  level: Diagnosis['level'],
  message: string,
  remedy?: string,
): Diagnosis => ({ part, level, message, ...(remedy === undefined ? {} : { remedy }) });
