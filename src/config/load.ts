import type { ApprovalFile } from '../model/approval.js';
import type { Finding } from '../model/manifest.js';
import type { ProviderDefinition } from '../ports/provider.js';
import type { SolverDefinition } from '../ports/solver.js';
import { checkApproval, toApprovalFile } from './approvals.js';
import { checkConfiguration, type LoadedConfiguration, toConfiguration } from './configuration.js';
import { type Report, schemaComplaints, sortedFindings, toFinding } from './findings.js';
import { locator } from './positions.js';
import { schemaErrors } from './schemas.js';
import { parseYaml, type SourceFile } from './yaml.js';

export { loadManifests } from './manifests.js';

const isError = (it: Finding): boolean => it.severity === 'error';

export interface ConfigurationResult {
  /** Absent when anything in it is an error. */
  readonly configuration?: LoadedConfiguration;
  readonly findings: readonly Finding[];
}

/** `certwright.yaml`, with everything wrong in it at once. Never throws for what stands in the text. */
export function loadConfiguration(
  file: SourceFile,
  definitions: readonly ProviderDefinition[],
  solvers: readonly SolverDefinition[],
): ConfigurationResult {
  const parsed = parseYaml(file);
  const findings = [...parsed.findings];
  const [document, second] = parsed.documents;
  if (document === undefined) {
    const position = { file: file.path, line: 1, column: 1 };
    const message = 'The configuration is empty.';
    const suggestion = 'Run certwright init, which writes one.';
    const empty: Finding = { severity: 'error', code: 'config.empty', message, suggestion, position };
    return { findings: findings.length > 0 ? sortedFindings(findings) : [empty] };
  }
  if (second !== undefined) {
    const message = 'A configuration is one document.';
    const suggestion = 'Remove the "---" and everything below it.';
    findings.push({
      severity: 'error',
      code: 'config.documents',
      message,
      suggestion,
      position: second.position,
    });
  }
  const locate = locator(document);
  const report: Report = (path, complaint, at) => {
    findings.push(toFinding(locate, path, complaint, at));
  };
  checkConfiguration(document.value, definitions, solvers, report);
  for (const it of schemaComplaints(schemaErrors('certwright.schema.json', document.value))) {
    report(it.path, it.complaint, it.at);
  }
  const sorted = sortedFindings(findings);
  if (sorted.some(isError)) return { findings: sorted };
  return { configuration: toConfiguration(document, solvers), findings: sorted };
}

export interface ApprovalsResult {
  /** Files with an error approve nothing. */
  readonly approvals: readonly ApprovalFile[];
  readonly findings: readonly Finding[];
}

/** `approvals/*.yaml`. Never throws for what stands in the texts. */
export function loadApprovals(files: readonly SourceFile[]): ApprovalsResult {
  const approvals: ApprovalFile[] = [];
  const findings: Finding[] = [];
  for (const file of files) {
    const parsed = parseYaml(file);
    const own: Finding[] = [...parsed.findings];
    for (const document of parsed.documents) {
      const locate = locator(document);
      const report: Report = (path, complaint, at) => {
        own.push(toFinding(locate, path, complaint, at));
      };
      checkApproval(document, report);
      for (const it of schemaComplaints(schemaErrors('approval.schema.json', document.value))) {
        report(it.path, it.complaint, it.at);
      }
    }
    findings.push(...own);
    if (!own.some(isError) && parsed.documents.length > 0) approvals.push(toApprovalFile(parsed.documents));
  }
  return { approvals, findings: sortedFindings(findings) };
}
