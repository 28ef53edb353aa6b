import { describe } from 'vitest';
import { contractTests } from './contract.js';
import { lifeTests } from './life.js';
import { recoveryTests } from './recovery.js';
import type { SubjectFactory } from './subject.js';
import { suiteContext } from './suite.js';

export type { ConformanceSubject, SubjectFactory } from './subject.js';

/**
 * The contract of `ports/provider.ts`, for every provider alike. A test is skipped only for what the provider's own
 * capabilities (or the subject's missing hooks) say no to; each skip is printed with that reason.
 */
export function providerConformance(name: string, factory: SubjectFactory): void {
  describe(`${name} keeps the contract of a provider`, () => {
    const suite = suiteContext(name, factory);
    contractTests(suite);
    lifeTests(suite);
    recoveryTests(suite);
  });
}
