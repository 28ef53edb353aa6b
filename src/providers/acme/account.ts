import { createHash, generateKeyPairSync } from 'node:crypto';
import type { HttpReply } from '../../http/message.js';
import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import type { ProviderDeps } from '../../ports/provider.js';
import type { AcmeClient, Signer } from './client.js';
import { type AccountKey, externalBinding, loadAccountKey } from './jws.js';
import type { AcmeOptions } from './options.js';
import { plainText } from './problem.js';
import { parseAccount } from './wire.js';

/** The account at the CA: its key, and the URL by which the CA knows it. */
export interface AcmeAccount {
  readonly key: AccountKey;
  readonly signer: Signer & { readonly kid: string };
}

export interface Accounts {
  /** The account, made where there is none. @throws CertError */
  open(): Promise<AcmeAccount>;
  /** The account where it exists; makes neither key nor account and changes nothing. @throws CertError */
  find(): Promise<AcmeAccount | undefined>;
}

interface Located {
  readonly account: AcmeAccount;
  /** As the CA tells them; absent: it does not. */
  readonly contact?: readonly string[];
}

const STORE_TRIES = 5;
const MAILTO = 'mailto:';

/**
 * The account key comes from the credential `accountKey`, or is made once and kept, sealed to the runners, in the store of
 * the account: one for each directory. It is stored before it is used, and the account follows from it (RFC 8555 §7.3.1):
 * of two runners that begin at once, the second finds the key, and so the account, of the first.
 */
export function accountsOf(deps: ProviderDeps, options: AcmeOptions, client: AcmeClient): Accounts {
  const { credentials, accountStore, runnerSealer } = deps;
  const files = filesFor(options.directoryUrl);
  let opened: Promise<AcmeAccount> | undefined;

  async function storedKey(): Promise<AccountKey | undefined> {
    if (credentials.accountKey !== undefined) return loadAccountKey(credentials.accountKey);
    const sealed = (await accountStore.read()).files.get(files.key);
    return sealed === undefined ? undefined : loadAccountKey(new Secret(await runnerSealer.open(sealed)));
  }

  async function newKey(): Promise<AccountKey> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    const sealed = await runnerSealer.seal(pem.reveal());
    for (let attempt = 1; attempt <= STORE_TRIES; attempt += 1) {
      const { version, files: there } = await accountStore.read();
      const other = there.get(files.key);
      if (other !== undefined) return loadAccountKey(new Secret(await runnerSealer.open(other)));
      const next = new Map([...there, [files.key, sealed], [files.about, files.aboutText]]);
      if (await accountStore.replace(version, next, `acme: account key for ${client.host}`)) {
        return loadAccountKey(pem);
      }
    }
    throw new CertError('repository.moved', 'other runs kept writing to the ACME account; run again');
  }

  async function locate(key: AccountKey): Promise<Located | undefined> {
    const { newAccount } = await client.directory();
    const payload = { onlyReturnExisting: true };
    const what = 'the account of this key';
    const answers = ['accountDoesNotExist'];
    const reply = await client.post({ url: newAccount, signer: { key }, payload, what, answers });
    return reply.status < 400 ? accountIn(key, reply) : undefined;
  }

  /** What a new account is made with. @throws CertError for what a person has to settle first */
  async function requirements() {
    const { newAccount, meta } = await client.directory();
    const { termsOfService } = meta ?? {};
    if (termsOfService !== undefined && !options.termsAgreed) {
      throw new CertError(
        'config.invalid',
        `${client.host} has terms of service, and nobody agreed to them: ${plainText(termsOfService)}`,
        { remedy: `Read them, and write \`termsAgreed: true\` under providers.${deps.config.id}.` },
      );
    }
    const binding = bindingOf(deps);
    if (binding === undefined && meta?.externalAccountRequired === true) throw needsBinding(client.host);
    return { newAccount, binding };
  }

  async function create(key: AccountKey): Promise<Located> {
    const { newAccount, binding } = await requirements();
    const payload = {
      ...(options.termsAgreed ? { termsOfServiceAgreed: true } : {}),
      ...(options.contacts.length === 0 ? {} : { contact: mailtos(options) }),
      ...(binding === undefined
        ? {}
        : { externalAccountBinding: await externalBinding(binding, key, newAccount) }),
    };
    const what = 'a new account';
    return accountIn(key, await client.post({ url: newAccount, signer: { key }, payload, what }));
  }

  function accountIn(key: AccountKey, reply: HttpReply): Located {
    const { status, contact } = parseAccount(reply);
    const kid = reply.headers.location;
    if (status !== 'valid') {
      throw new CertError('provider.credentials', `the ACME account at ${client.host} is ${status}`, {
        remedy: 'Give another accountKey, or remove the stored one so that a new account is made.',
      });
    }
    if (kid === undefined || !client.isOurs(kid)) {
      throw new CertError('wire.unexpected', `${client.host} does not say the address of the account`);
    }
    return { account: { key, signer: { key, kid } }, ...(contact === undefined ? {} : { contact }) };
  }

  /** RFC 8555 §7.3.2; where the CA tells contacts, they follow the configuration. */
  async function inUse({ account, contact }: Located): Promise<AcmeAccount> {
    const { signer } = account;
    if (contact !== undefined && differs(contact, mailtos(options))) {
      const payload = { contact: mailtos(options) };
      await client.post({ url: signer.kid, signer, payload, what: 'other contacts for the account' });
    }
    return account;
  }

  async function openAccount(): Promise<AcmeAccount> {
    const known = await storedKey();
    if (known !== undefined) return inUse((await locate(known)) ?? (await create(known)));
    // What stops the account is said before a key for it is stored.
    await requirements();
    return inUse(await create(await newKey()));
  }

  return {
    open() {
      if (opened === undefined) {
        const opening = openAccount();
        opened = opening;
        opening.catch(() => {
          opened = undefined;
        });
      }
      return opened;
    },
    async find() {
      if (opened !== undefined) return opened;
      const key = await storedKey();
      return key === undefined ? undefined : (await locate(key))?.account;
    },
  };
}

const mailtos = ({ contacts }: AcmeOptions): readonly string[] => contacts.map((one) => `${MAILTO}${one}`);

const differs = (a: readonly string[], b: readonly string[]): boolean =>
  a.length !== b.length || a.some((one) => !b.includes(one));

const needsBinding = (host: string): CertError =>
  new CertError('provider.credentials', `${host} takes accounts only that are bound to one of its own`, {
    remedy:
      'Make a key id and an HMAC key in the account there, and give them as eabKeyId and eabHmacKey under credentials.',
  });

function bindingOf({ credentials, config }: ProviderDeps) {
  const { eabKeyId, eabHmacKey } = credentials;
  if (eabKeyId === undefined && eabHmacKey === undefined) return undefined;
  if (eabKeyId !== undefined && eabHmacKey !== undefined) return { keyId: eabKeyId, hmacKey: eabHmacKey };
  throw new CertError('config.invalid', `providers.${config.id}: eabKeyId and eabHmacKey belong together`, {
    remedy: 'Give both, or neither.',
  });
}

/** Where the key of a directory lies; another directory, such as the CA's staging, has another account. */
function filesFor(directoryUrl: string) {
  const id = createHash('sha256').update(directoryUrl).digest('hex').slice(0, 16);
  return {
    key: `${id}.key.age`,
    about: `${id}.json`,
    aboutText: `${JSON.stringify({ directory: directoryUrl, key: `${id}.key.age` }, null, 2)}\n`,
  };
}
