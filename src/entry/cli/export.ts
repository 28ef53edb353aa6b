import { splitPem } from '../../keys/certificate.js';
import { type ExportedFile, type ExportFormat, exportCertificate } from '../../keys/export.js';
import type { WebServer } from '../../keys/server-zip.js';
import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import type { CurrentCertificate } from '../../model/status.js';
import { toMs } from '../../model/time.js';
import { observeState } from '../../reconcile/land.js';
import { notInitialised } from '../../reconcile/open-run.js';
import type { StateView } from '../../reconcile/state.js';
import { terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import { certificatePath } from '../../repository/layout.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { sealerOf } from '../sealers.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import { exportPassword, refuseInside, writeExported } from './export-files.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { statusNamed } from './state.js';

const STDOUT = '-';
const TEXT_FORMATS: ReadonlySet<ExportFormat> = new Set(['pem', 'k8s', 'k8s-sops']);

/** `certwright export`: certificate and key as they stand on the state branch, in the form a server wants. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const format = options.format as ExportFormat;
  const out = String(options.out ?? '.');
  const server = options.server as WebServer | undefined;
  refuseMixture(format, out, server, globals);
  const recipients = sopsRecipients(format, options);
  const [name = ''] = args;
  const workplace = await openWorkplace(context, globals);
  try {
    const files = await exported(context, workplace, options, { name, format, recipients });
    context.progress.clear();
    if (out === STDOUT) {
      context.print(onStdout(files, format));
      return EXIT.fine;
    }
    if (options.force !== true) await refuseInside(files, out, context.cwd, workplace.checkout.root);
    const written = await writeExported(files, out, context.cwd);
    if (globals.json) context.print(jsonText({ name, format, files: written }));
    else {
      for (const { path, secret } of written) {
        context.print(`${terminalText(path)}${secret ? '  (private key, mode 0600)' : ''}`);
      }
    }
    return EXIT.fine;
  } finally {
    await workplace.close();
  }
}

function refuseMixture(
  format: ExportFormat,
  out: string,
  server: WebServer | undefined,
  globals: Globals,
): void {
  if (format === 'zip' && server === undefined) {
    throw new CertError('usage', 'a zip is packed for a web server', {
      remedy: 'give --server nginx, apache or iis',
    });
  }
  if (format !== 'zip' && server !== undefined) {
    throw new CertError('usage', `--server goes with --format zip, not ${format}`);
  }
  if (out !== STDOUT) return;
  if (globals.json) throw new CertError('usage', '--json and `--out -` exclude each other');
  if (!TEXT_FORMATS.has(format)) {
    throw new CertError('usage', `${format} does not go to stdout: give a folder by --out`);
  }
}

/** @throws CertError `usage` */
function sopsRecipients(format: ExportFormat, { sopsAge }: Options): readonly string[] {
  const given = Array.isArray(sopsAge) ? sopsAge.map(String) : [];
  if (format === 'k8s-sops' ? given.length > 0 : given.length === 0) return given;
  throw new CertError(
    'usage',
    format === 'k8s-sops'
      ? 'a manifest for SOPS is encrypted for somebody'
      : `--sops-age goes with --format k8s-sops, not ${format}`,
    { remedy: 'give --sops-age age1…, the recipient of the identity that Flux decrypts with' },
  );
}

interface Wanted {
  readonly name: string;
  readonly format: ExportFormat;
  /** Whom SOPS encrypts for. */
  readonly recipients: readonly string[];
}

async function exported(
  context: Context,
  workplace: Workplace,
  options: Options,
  { name, format, recipients }: Wanted,
): Promise<readonly ExportedFile[]> {
  const view = await observeState(workplace.deps);
  const { integrity } = view.snapshot;
  if (integrity.kind === 'absent') throw notInitialised();
  if (integrity.kind === 'lost') {
    context.say(
      `warning: the state was rewound or lost (${integrity.why}): this may be an older certificate`,
    );
  }
  const current = currentOf(view, name);
  warn(context, name, current);
  const [certificatePem, chainPem] = await readTexts(view, name);
  const withKey = options.key !== false && format !== 'p7b';
  const keyPem = withKey ? await openKey(context, workplace, view, name) : undefined;
  const server = options.server as WebServer | undefined;
  const isPkcs12 = format === 'p12' || (server === 'iis' && keyPem !== undefined);
  const password = isPkcs12 ? await exportPassword(context, options.passwordFile) : undefined;
  const { files } = await exportCertificate({
    certificatePem,
    chainPem: splitPem(chainPem),
    ...(keyPem === undefined ? {} : { keyPem }),
    format,
    ...(password === undefined ? {} : { password }),
    friendlyName: name,
    legacy: options.legacy === true,
    sops: { recipients, nowMs: context.clock.now() },
    ...(server === undefined ? {} : { server }),
    kubernetes: {
      name: typeof options.secretName === 'string' ? options.secretName : name.replaceAll('/', '-'),
      ...(typeof options.namespace === 'string' ? { namespace: options.namespace } : {}),
    },
  });
  return files;
}

function currentOf(view: StateView, name: string): CurrentCertificate {
  const { current } = statusNamed(view, name);
  if (current) return current;
  throw new CertError('usage', `${name} has no certificate yet`, {
    remedy: '`certwright status` tells what it waits for',
  });
}

/** Still the one to be had, so it is given; a server on it would not work. */
function warn(context: Context, name: string, current: CurrentCertificate): void {
  if (toMs(current.notAfter) < context.clock.now()) {
    context.say(`warning: the certificate of ${name} expired at ${current.notAfter}`);
  }
  if (current.revoked) {
    context.say(`warning: the certificate of ${name} was revoked at ${current.revoked.at}`);
  }
}

async function readTexts(view: StateView, name: string): Promise<readonly [string, string]> {
  const certificate = await readFile(view, certificatePath(name, 'certificate'));
  const chain = await readFile(view, certificatePath(name, 'chain'));
  if (certificate !== undefined) return [certificate, chain ?? ''];
  throw new CertError(
    'repository.unreadable-state',
    `${certificatePath(name, 'certificate')} is not on the state branch`,
    { remedy: 'bring it back from the history of the state branch' },
  );
}

async function readFile(view: StateView, path: string): Promise<string | undefined> {
  const blob = view.files.get(path);
  if (blob === undefined) return undefined;
  const [text] = (await view.snapshot.state?.read([blob])) ?? [];
  return text;
}

async function openKey(
  context: Context,
  workplace: Workplace,
  view: StateView,
  name: string,
): Promise<Secret> {
  const sealed = await readFile(view, certificatePath(name, 'key'));
  if (sealed === undefined) {
    throw new CertError(
      'usage',
      `the key of ${name} is not in the repository: it lives where its CSR was made`,
      {
        remedy: 'give --no-key to have the certificate alone',
      },
    );
  }
  const keys = workplace.local.configuration?.keys ?? { recipients: [], runnerRecipients: [] };
  const identities = () => workplace.identities(view.header?.repositoryId);
  return new Secret(await sealerOf(context, keys, 'certificate', identities).open(sealed));
}

/** As `cat fullchain.pem key.pem` would have it. */
function onStdout(files: readonly ExportedFile[], format: ExportFormat): string {
  const shown =
    format === 'pem' ? files.filter(({ name }) => name === 'fullchain.pem' || name === 'key.pem') : files;
  return shown.map(({ content }) => content.toString()).join('');
}
