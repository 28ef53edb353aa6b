import { CertError, messageOf } from '../model/errors.js';
import type { DnsName } from '../model/names.js';
import { whyNoProof } from '../model/proof-record.js';
import type { PublishedRecord } from '../model/status.js';
import { standingRecords } from '../policy/solving.js';
import type { RecordSight, Solver } from '../ports/solver.js';
import type { ProofResult } from './proof-facts.js';
import { type Run, stopIfAsked } from './run.js';

/** Of a record that is shown with an error. */
const SHOWN_CHARACTERS = 300;

/** A record that one solver is to publish, or to clean up. */
export interface Work {
  readonly name: string;
  readonly entry: PublishedRecord;
  readonly solver: string;
  readonly kind: 'publish' | 'clean-up';
}

/** What came of it, for the certificate it was wanted by. */
export type WorkResult = ProofResult & { readonly name: string };

/** Everything due at one solver. What stands is looked at first: only what is not there is published. */
export async function runSolver(
  run: Run,
  id: string,
  works: readonly Work[],
): Promise<readonly WorkResult[]> {
  stopIfAsked(run.deps);
  const config = run.configuration.solvers[id];
  const cleaning = works.filter(({ kind }) => kind === 'clean-up');
  const publishing = works.filter(({ kind }) => kind === 'publish');
  try {
    if (!config) throw new CertError('config.invalid', `the configuration has no solver ${id}`);
    const solver = await run.deps.openSolver(config);
    run.deps.progress.step(progressLine(id, publishing.length, cleaning.length));
    const cleaned = await cleanUp(solver, cleaning);
    return [...cleaned, ...(await publish(solver, publishing))];
  } catch (error) {
    if (error instanceof CertError && error.code === 'interrupted') throw error;
    run.deps.log.warn({ solver: id, error: messageOf(error) }, 'solver not usable');
    const known =
      error instanceof CertError ? error : new CertError('solver.failed', messageOf(error), { cause: error });
    return works.map(({ name, entry }) => ({ name, entry, outcome: { kind: 'failed', error: known } }));
  }
}

function progressLine(id: string, publishing: number, cleaning: number): string {
  const parts = [
    ...(publishing > 0 ? [`publishing ${publishing}`] : []),
    ...(cleaning > 0 ? [`cleaning up ${cleaning}`] : []),
  ];
  return `${id}: ${parts.join(', ')} ${publishing + cleaning === 1 ? 'record' : 'records'}`;
}

/** What no solver may be given is not published, and not taken away either. */
function noProof({ record, name, provider }: PublishedRecord): CertError | undefined {
  const why = whyNoProof(record, name);
  if (why === undefined) return undefined;
  const [what, text] =
    record.type === 'file'
      ? ['the file', record.url]
      : [`a ${record.type} record`, `${record.owner} ${record.type} ${record.value}`];
  return new CertError(
    'solver.blocked',
    `${provider} asks for ${what} for ${name} that ${why}, and nothing is published`,
    {
      providerText: text.slice(0, SHOWN_CHARACTERS),
      remedy: 'ask the provider; `certwright show NAME` has it, if it is right after all publish it by hand',
    },
  );
}

async function cleanUp(solver: Solver, works: readonly Work[]): Promise<readonly WorkResult[]> {
  const standing = works.flatMap((work) =>
    noProof(work.entry) === undefined ? standingRecords(work.entry).map((record) => ({ work, record })) : [],
  );
  const outcomes = standing.length === 0 ? [] : await solver.cleanUp(standing.map(({ record }) => record));
  const errors = new Map<Work, CertError>();
  for (const [i, { work }] of standing.entries()) {
    const error = outcomes[i]?.error;
    if (error) errors.set(work, error);
  }
  return works.map((work) => {
    const { name, entry } = work;
    const error = errors.get(work);
    return { name, entry, outcome: error ? { kind: 'failed', error } : { kind: 'cleaned' } };
  });
}

async function publish(solver: Solver, works: readonly Work[]): Promise<readonly WorkResult[]> {
  const errors = new Map<Work, CertError>(
    works.flatMap((work) => {
      const error = noProof(work.entry);
      return error ? [[work, error] as const] : [];
    }),
  );
  const proofs = works.filter((work) => !errors.has(work));
  const standing = proofs.filter(({ entry }) => entry.publishedAt !== undefined);
  const sights = await look(solver, standing);
  const missing = proofs.filter(
    (work) => work.entry.publishedAt === undefined || sights.get(work)?.seen === 'no',
  );
  const places = new Map<Work, DnsName>();
  if (missing.length > 0) {
    const outcomes = await solver.publish(missing.map(({ entry }) => entry.record));
    for (const [i, work] of missing.entries()) {
      const { error, at } = outcomes[i] ?? {};
      if (error) errors.set(work, error);
      if (at !== undefined) places.set(work, at);
    }
  }
  const again = await look(
    solver,
    missing.filter((work) => !errors.has(work)),
  );
  return works.map((work) => {
    const { name, entry } = work;
    const error = errors.get(work);
    if (error) return { name, entry, outcome: { kind: 'failed', error } };
    const sight = again.get(work) ?? sights.get(work);
    const at = places.get(work);
    return {
      name,
      entry,
      outcome: {
        kind: 'published',
        ...(at === undefined ? {} : { at }),
        ...(sight === undefined ? {} : { sight }),
      },
    };
  });
}

async function look(solver: Solver, works: readonly Work[]): Promise<ReadonlyMap<Work, RecordSight>> {
  const sights =
    works.length === 0 ? [] : ((await solver.visible?.(works.map(({ entry }) => entry.record))) ?? []);
  return new Map(
    works.flatMap((work, i) => {
      const sight = sights[i];
      return sight === undefined ? [] : [[work, sight] as const];
    }),
  );
}
