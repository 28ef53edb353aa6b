import type { Annotation, Checks } from '../../ports/forge.js';
import type { Line } from './call.js';

/** https://docs.github.com/en/rest/checks/runs: at most 50 in a call; further ones are added by updates. */
const BATCH = 50;

const ABOUT = { to: 'report the check', needs: 'checks: write' } as const;

const annotationOf = ({ path, line, level, title, message }: Annotation) => ({
  path,
  start_line: line,
  end_line: line,
  annotation_level: level,
  title,
  message,
});

function batches(annotations: readonly Annotation[]) {
  const all = annotations.map(annotationOf);
  const count = Math.max(1, Math.ceil(all.length / BATCH));
  return Array.from({ length: count }, (_, index) => all.slice(index * BATCH, (index + 1) * BATCH));
}

export const checks = ({ call, at }: Line): Checks => ({
  async create({ name, headOid, conclusion, title, summary, annotations }) {
    const [first = [], ...rest] = batches(annotations);
    const output = { title, summary };
    const { data } = await call(
      'POST /repos/{owner}/{repo}/check-runs',
      {
        ...at,
        name,
        head_sha: headOid,
        status: 'completed',
        conclusion,
        output: { ...output, annotations: first },
      },
      ABOUT,
    );
    for (const batch of rest) {
      await call(
        'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
        { ...at, check_run_id: Number(data.id), output: { ...output, annotations: batch } },
        ABOUT,
      );
    }
    return { id: Number(data.id) };
  },
});
