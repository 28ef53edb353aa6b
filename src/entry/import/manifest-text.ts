import { Document, Scalar } from 'yaml';
import type { DnsName } from '../../model/names.js';

/** What is written of one order. */
export interface ImportedManifest {
  /** Path below the repository. */
  readonly file: string;
  /** The first is the common name. */
  readonly names: readonly DnsName[];
  readonly provider: string;
  readonly product: string;
  readonly term?: string;
  readonly owner?: string;
  readonly order: string;
  /** Sentences for the person who reads the file, certwright's own words. */
  readonly notes: readonly string[];
}

const SCHEMA = '.certwright/schemas/manifest.schema.json';
const KEY_NOTE = ' its key is not here: dates and alarms, until a key or a CSR is named';

/** The manifest as a file: every value quoted where YAML would read something else. */
export function manifestText(manifest: ImportedManifest): string {
  const { names, provider, product, term, owner, order, notes } = manifest;
  const [first, ...more] = names;
  const document = new Document({
    ...(more.length === 0 ? { domain: first } : { domains: names }),
    provider,
    product,
    ...(term === undefined ? {} : { term }),
    ...(owner === undefined ? {} : { owner }),
    key: external(),
    adopt: { order: quoted(order) },
  });
  const up = '../'.repeat(manifest.file.split('/').length - 1);
  document.commentBefore = ` yaml-language-server: $schema=${up}${SCHEMA}`;
  if (notes.length > 0) document.comment = notes.map((note) => ` ${note}`).join('\n');
  return document.toString({ lineWidth: 0 });
}

function external(): Scalar {
  const scalar = new Scalar('external');
  scalar.comment = KEY_NOTE;
  return scalar;
}

/** Most order ids are digits: they stay texts. */
function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}
