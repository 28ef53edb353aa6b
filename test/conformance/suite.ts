import { afterAll, it, type TestContext } from 'vitest';
import type { ConformanceSubject, SubjectFactory } from './subject.js';

/** Gives what is there; ends the test as skipped, for this reason, where it is missing or does not hold. */
export type Need = <T>(value: T | undefined | false, reason: string) => T;

export interface Suite {
  readonly factory: SubjectFactory;
  /** A test on a fresh subject, which is closed and taken down afterwards. */
  trial(title: string, body: (subject: ConformanceSubject, need: Need) => Promise<void>): void;
}

export function suiteContext(name: string, factory: SubjectFactory): Suite {
  const skipped: string[] = [];
  afterAll(() => {
    if (skipped.length > 0) process.stdout.write(`${name}: left out\n${skipped.join('')}`);
  });

  const needing =
    (title: string, context: TestContext): Need =>
    (value, reason) => {
      if (value !== undefined && value !== false) return value;
      skipped.push(`  ${title}: ${reason}\n`);
      return context.skip(reason);
    };

  return {
    factory,
    trial: (title, body) => {
      it(title, async (context) => {
        const subject = await factory();
        try {
          await body(subject, needing(title, context));
        } finally {
          await subject.provider.close();
          await subject.dispose();
        }
      });
    },
  };
}

/** The vendor's reason for a no, or the plain fact. */
export const reasonFor = (subject: ConformanceSubject, capability: string): string =>
  subject.provider.capabilities.notes[capability] ?? `the capabilities say no ${capability}`;
