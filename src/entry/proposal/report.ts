import type { ProposalReport } from '../../report/proposal-markdown.js';
import type { Proposed } from './plan.js';

/** What is said of a proposal, whatever became of planning it. */
export function reportOf(proposed: Proposed): ProposalReport {
  const { base, head } = proposed;
  const frame = { base, head, others: 0, findings: [], notes: [], budgets: [], unasked: [] };
  switch (proposed.kind) {
    case 'planned': {
      const { plan, others, findings, notes, budgets, unasked } = proposed;
      return { base, head, plan, others, findings, notes, budgets, unasked };
    }
    case 'invalid':
    case 'unconfigured':
      return { ...frame, findings: proposed.findings };
    case 'conflict':
      return frame;
  }
}
