import { CertError, messageOf } from '../model/errors.js';
import { MINUTE_MS } from '../model/time.js';
import type { Clock } from '../ports/clock.js';
import type { Provider } from '../ports/provider.js';
import type { CheckRow } from '../report/check-text.js';
import type { Account } from './accounts.js';
import { nameOfSource } from './secrets.js';

/** Beyond this nothing paid is sent (DESIGN §4, "Send once"). */
export const CLOCK_LIMIT_MS = 2 * MINUTE_MS;

export interface CheckedAccount extends CheckRow {
  /** Variables and files that are not there. */
  readonly missing: readonly string[];
}

/** Logs in and reads; changes nothing there. Never throws: what fails is the result. */
export async function checkAccount(account: Account, clock: Pick<Clock, 'now'>): Promise<CheckedAccount> {
  const { config, definition, provider, missing } = account;
  const base = {
    account: config.id,
    type: config.type,
    environment: config.environment,
    missing,
    findings: [],
    lookAt: [],
    links: definition.links ?? {},
  };
  if (!provider) {
    const findings = [account.why ?? 'the account could not be opened'];
    const result = missing.length > 0 ? 'no credentials' : 'failed';
    return { ...base, result, findings, lookAt: missing.length > 0 ? [] : lookAt(account) };
  }
  try {
    return { ...base, ...(await reached(account, provider, clock)) };
  } catch (error) {
    const remedy = error instanceof CertError ? error.remedy : undefined;
    const providerText = error instanceof CertError ? error.providerText : undefined;
    return {
      ...base,
      result: 'failed',
      findings: [messageOf(error), ...(remedy === undefined ? [] : [remedy])],
      ...(providerText === undefined ? {} : { providerText }),
      lookAt: lookAt(account),
    };
  }
}

type Reached = Pick<CheckedAccount, 'result' | 'findings' | 'lookAt' | 'balance' | 'clockDifferenceMs'>;

async function reached(account: Account, provider: Provider, clock: Pick<Clock, 'now'>): Promise<Reached> {
  const report = await provider.check();
  const serverMs = await provider.serverTime();
  const clockDifferenceMs = serverMs === undefined ? undefined : serverMs - clock.now();
  const wrong = [
    ...(report.environment === account.config.environment
      ? []
      : [`certwright.yaml says ${account.config.environment}, and the account is ${report.environment}`]),
    ...clockProblem(clockDifferenceMs),
  ];
  const ok = report.ok && wrong.length === 0;
  return {
    result: ok ? 'fine' : 'failed',
    findings: [...report.findings, ...wrong],
    // A wrong clock or environment says itself where to look.
    lookAt: report.ok ? [] : lookAt(account),
    ...(report.balance === undefined ? {} : { balance: report.balance }),
    ...(clockDifferenceMs === undefined ? {} : { clockDifferenceMs }),
  };
}

function clockProblem(differenceMs: number | undefined): readonly string[] {
  if (differenceMs === undefined || Math.abs(differenceMs) <= CLOCK_LIMIT_MS) return [];
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  const how = differenceMs > 0 ? 'behind' : 'ahead of';
  return [
    `this clock is ${seconds} s ${how} the provider's; with more than ${CLOCK_LIMIT_MS / 1000} s nothing paid is sent: set the clock`,
  ];
}

/** The three places where the reason of a refused or unanswered call is found. */
function lookAt({ config, definition }: Account): readonly string[] {
  const sources = Object.entries(config.credentials).map(
    ([key, source]) => `${key} (${nameOfSource(source)})`,
  );
  const credentials = sources.length === 0 ? '' : `credentials ${sources.join(', ')} and `;
  const parameters = `the parameters: ${credentials}the block providers.${config.id} in certwright.yaml`;
  const { required, optional } = definition.credentialNames;
  const remote = config.url !== undefined || required.length + optional.length > 0;
  if (!remote) return [parameters];
  return [
    parameters,
    `the address: does ${config.url ?? 'the standard address of this provider'} answer from here, through proxy and firewall?`,
    'this machine: is its public address allowed in the account? Many providers take calls from listed addresses only',
  ];
}
