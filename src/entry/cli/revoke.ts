import { CertError } from '../../model/errors.js';
import { isOpen } from '../../model/intent.js';
import type { RevocationReason } from '../../model/order.js';
import type { CertificateRecord, PreviousCertificate, RequestRecord, Status } from '../../model/status.js';
import { toInstant, toMs } from '../../model/time.js';
import type { Deps } from '../../reconcile/deps.js';
import { shellWord } from '../../report/escape.js';
import type { Context } from '../context.js';
import type { Globals } from './globals.js';
import { agreed, reasonOf, type Told } from './person.js';
import type { Options } from './program.js';
import { cannot, plannedLine, requestSubject, type Subject, whatFollows, withRequest } from './request.js';
import { changeStatus } from './state.js';
import { telling } from './telling.js';

/** `certwright revoke`: asks for a revocation; `apply` carries it out, where the policy lets it. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const reason = reasonOf(options);
  const [name = ''] = args;
  return telling(context, globals, ({ deps }) => ask(context, deps, options, name, reason));
}

/** undefined: the person thought better of it. */
async function ask(
  context: Context,
  deps: Deps,
  options: Options,
  name: string,
  reason: string,
): Promise<Told | undefined> {
  const subject = await requestSubject(context, deps, name);
  const certificate = certificateOf(subject.status, options.serial);
  refuseImpossible(subject, certificate);
  const request: RequestRecord = {
    id: deps.random.hex(8),
    action: 'revoke',
    requestedAt: toInstant(deps.clock.now()),
    reason,
    revocationReason: options.code as RevocationReason,
    serial: certificate.serial,
  };
  const item = plannedLine(subject, request);
  if (item?.hold?.code === 'unsupported' || item?.hold?.code === 'approval-never') {
    throw cannot(name, item.hold.message);
  }
  const there = alreadyComing(subject.status, certificate.serial);
  const notes = [...leaked(subject, request, certificate), ...successor(subject, request)];
  if (there === undefined) {
    for (const note of notes) context.say(note);
    if (!(await agreed(context, options, question(subject, certificate)))) return undefined;
  }
  const line = `ask for revoke ${name}: serial ${certificate.serial}, ${request.revocationReason}, ${reason}`;
  const changed = await changeStatus(deps, subject.view, name, line, (status) => {
    if (alreadyComing(status, certificate.serial) !== undefined) return status;
    refuseRevoked(name, certificateOf(status, certificate.serial));
    return withRequest(status, request);
  });
  const next = whatFollows(context, subject, item);
  return {
    changed,
    facts: {
      name,
      action: 'revoke',
      serial: certificate.serial,
      code: request.revocationReason ?? 'unspecified',
      reason,
      ...(changed ? { request: request.id } : {}),
      ...next.facts,
    },
    sentences: [
      changed
        ? `Recorded: the certificate ${certificate.serial} of ${name} is to be revoked.`
        : `Nothing was added for ${name}: ${there ?? 'this revocation was asked for meanwhile'}.`,
      ...next.sentences,
    ],
  };
}

/** As certificates, browsers and openssl print it: any case, colons or not. */
const plainSerial = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^0x/, '')
    .replace(/[\s:]/g, '')
    .replace(/^(?:00)+(?=.)/, '');

/** @throws CertError `usage` for a serial that is none of this certificate's */
function certificateOf(status: Status, serial: unknown): PreviousCertificate {
  const all = [...(status.current ? [status.current] : []), ...status.previous];
  const wanted = typeof serial === 'string' ? plainSerial(serial) : status.current?.serial;
  const found = all.find((one) => plainSerial(one.serial) === plainSerial(wanted ?? ''));
  if (found) return found;
  throw new CertError('usage', `${status.name} has no certificate with the serial ${String(serial)}`, {
    remedy: `its serials are ${all.map((one) => one.serial).join(', ')}`,
  });
}

function refuseRevoked(name: string, certificate: PreviousCertificate): void {
  if (!certificate.revoked) return;
  throw cannot(
    name,
    `the certificate ${certificate.serial} was revoked at ${certificate.revoked.at} (${certificate.revoked.reason})`,
  );
}

function refuseImpossible({ input, status }: Subject, certificate: PreviousCertificate): void {
  const { name } = status;
  refuseRevoked(name, certificate);
  if (toMs(certificate.notAfter) < input.nowMs) {
    throw cannot(name, `the certificate ${certificate.serial} expired at ${certificate.notAfter}`);
  }
}

function alreadyComing(status: Status, serial: string): string | undefined {
  const request = status.requests.find((one) => one.action === 'revoke' && one.serial === serial);
  if (request) return `this revocation was asked for at ${request.requestedAt} already`;
  const open = status.intents
    .filter(isOpen)
    .find((intent) => intent.action === 'revoke' && intent.request.revocation?.serial === serial);
  return open && `this revocation is under way since ${open.createdAt}`;
}

const question = ({ status, current }: Subject, certificate: CertificateRecord): string =>
  `Revoke the ${certificate.serial === current.serial ? 'current' : 'earlier'} certificate ${certificate.serial} of ${status.name} (ends ${certificate.notAfter})? Servers that use it stop being trusted, and it cannot be taken back.`;

/** Where the leaked key still serves, a new certificate has to be there first. */
function leaked(
  { view }: Subject,
  { revocationReason }: RequestRecord,
  { keyHash }: CertificateRecord,
): readonly string[] {
  if (revocationReason !== 'keyCompromise') return [];
  const users = [...view.statuses.values()]
    .filter((status) => status.current?.keyHash === keyHash && !status.current.revoked)
    .map((status) => status.name);
  if (users.length === 0) return [];
  return [
    `note: the key is still in use for ${users.join(', ')}; this has it replaced first, and never used again:`,
    `  certwright compromise ${users.map(shellWord).join(' ')} --reason TEXT`,
  ];
}

function successor({ current }: Subject, { revocationReason, serial }: RequestRecord): readonly string[] {
  if (serial !== current.serial) return [];
  return revocationReason === 'cessationOfOperation'
    ? ['note: after cessationOfOperation no new certificate follows']
    : ['note: it is the current certificate; after the revocation a new one is asked for'];
}
