import { splitPem } from '../keys/certificate.js';
import type { CertificateSpec, PublishedFormat } from '../model/manifest.js';
import type { FileChange, Oid } from '../ports/repository.js';
import { certificatePath } from '../repository/layout.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { formatsOf } from './publish.js';
import type { Run } from './run.js';
import type { StateView } from './state.js';

/** Formats wanted beside a certificate that stands there, and that do not; `pem` always does. */
export function missingFormats(view: StateView, spec: CertificateSpec): readonly PublishedFormat[] {
  if (!view.files.has(certificatePath(spec.name, 'certificate'))) return [];
  return spec.formats.filter((it) => it !== 'pem' && !view.files.has(certificatePath(spec.name, it)));
}

interface Made {
  readonly name: string;
  /** Blobs they were made of: on a head with others they are of another certificate. */
  readonly from: readonly [certificate: Oid | undefined, chain: Oid | undefined];
  readonly files: readonly FileChange[];
  readonly what: string;
}

const sourcesOf = (view: StateView, name: string): Made['from'] => [
  view.files.get(certificatePath(name, 'certificate')),
  view.files.get(certificatePath(name, 'chain')),
];

/** Formats that were added to manifests later, made of the certificates there are, in one commit. */
export async function publishFormats(run: Run, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const made = await Promise.all(names.map((name) => make(run, name)));
  run.view = await land(run, run.view, (view) => {
    const fresh = made.filter((one) => {
      const [certificate, chain] = sourcesOf(view, one.name);
      return certificate === one.from[0] && chain === one.from[1];
    });
    const files = fresh
      .flatMap((one) => one.files)
      .filter(({ path, content }) => content !== null && !view.files.has(path));
    return files.length === 0
      ? undefined
      : { files, message: commitMessage(fresh.map(({ name, what }) => `publish ${name}: ${what}`)) };
  });
  for (const { name, what } of made) {
    run.events.push({ name, action: 'publish', outcome: 'done', message: what });
  }
}

async function make(run: Run, name: string): Promise<Made> {
  const from = sourcesOf(run.view, name);
  const [certificate, chain] = await Promise.all(from.map((blob) => read(run.view, blob)));
  const leaf = certificate ?? '';
  const wanted = formatsOf(run, name).filter((it) => it !== 'pem');
  const missing = wanted.filter((it) => !run.view.files.has(certificatePath(name, it)));
  const made = await run.deps.publishedFormats(missing, leaf, splitPem(chain ?? ''));
  return {
    name,
    from,
    files: made.map(({ format, content }) => ({ path: certificatePath(name, format), content })),
    what: `${missing.join(' and ')}, made of the certificate there is`,
  };
}

async function read({ snapshot }: StateView, blob: Oid | undefined): Promise<string> {
  if (blob === undefined) return '';
  const [text = ''] = (await snapshot.state?.read([blob])) ?? [];
  return text;
}
