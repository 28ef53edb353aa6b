import type { CaaIdentity } from '../../model/capabilities.js';
import { messageOf } from '../../model/errors.js';
import { parseName } from '../../model/names.js';
import type { Log } from '../../ports/log.js';
import type { Accounts } from './account.js';
import type { AcmeClient } from './client.js';

/** Labels of RFC 8657 §4 are the names of the challenges (RFC 8555 §9.7.8). Which one `manual` means is for people to say. */
const METHODS = { dns: ['dns-01'], http: ['http-01'] } as const;

/**
 * What the CA goes by in CAA records: `caaIdentities` of its directory (RFC 8555 §7.1.1), and the account, where it exists and
 * its key can be opened here. Undefined where the directory does not say.
 * @throws CertError for a directory that cannot be read
 */
export async function caaIdentity(
  client: AcmeClient,
  accounts: Accounts,
  log: Log,
): Promise<CaaIdentity | undefined> {
  const { meta } = await client.directory();
  const domains = (meta?.caaIdentities ?? []).flatMap((text) => {
    const parsed = parseName(text);
    return parsed.ok && !parsed.name.startsWith('*.') ? [parsed.name] : [];
  });
  if (domains.length === 0) return undefined;
  const accountUri = await accountUriOf(accounts, log);
  return { domains, methods: METHODS, ...(accountUri === undefined ? {} : { accountUri }) };
}

/** A plan without the runner's identity cannot open the key, and is a plan all the same. */
async function accountUriOf(accounts: Accounts, log: Log): Promise<string | undefined> {
  try {
    return (await accounts.find())?.signer.kid;
  } catch (error) {
    log.debug(
      { error: messageOf(error) },
      'the account is not known here, so CAA limits to accounts are not compared',
    );
    return undefined;
  }
}
