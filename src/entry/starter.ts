import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCHEMAS = fileURLToPath(new URL('../../schemas/', import.meta.url));
const SCHEMA_FOLDER = '.certwright/schemas';
const EDITED = ['certwright', 'manifest', 'defaults', 'approval'];

interface StarterOwners {
  readonly id: string;
  readonly recipients: readonly string[];
  readonly runnerRecipients: readonly string[];
}

const configurationText = ({ id, recipients, runnerRecipients }: StarterOwners): string => `\
# yaml-language-server: $schema=${SCHEMA_FOLDER}/certwright.schema.json
version: 1
id: ${id} # part of every order reference: never change it
keys:
  # Who can open the private keys. Add people by pull request; everybody here can open everything.
  recipients:
${list(recipients)}
  # Who can open what a run needs itself: the key of the embedded CA.
  runnerRecipients:
${list(runnerRecipients)}
defaults:
  provider: internal
  owner: platform-team
providers:
  internal:
    type: local-ca # a private CA inside this repository; replace it by the provider you pay
    environment: live
policy:
  approval:
    order: merge # merging a manifest approves its first order
    renew: auto # renewals of manifests with autoRenew: true, within the limits
    revoke: pull-request
  # Without limits no paid order is placed.
  # spending: { perOrder: 100 USD, perDay: 500 USD, perMonth: 2000 USD }
`;

const MANIFEST_TEXT = `\
# yaml-language-server: $schema=../${SCHEMA_FOLDER}/manifest.schema.json
domains:
  - shop.example.com
  - "*.shop.example.com" # quotes: a bare * means something else in YAML
`;

const EDITOR_TEXT = `${JSON.stringify(
  {
    'yaml.schemas': {
      [`${SCHEMA_FOLDER}/certwright.schema.json`]: 'certwright.yaml',
      [`${SCHEMA_FOLDER}/manifest.schema.json`]: [
        'certificates/**/*.yaml',
        '!certificates/**/_defaults.yaml',
      ],
      [`${SCHEMA_FOLDER}/defaults.schema.json`]: 'certificates/**/_defaults.yaml',
      [`${SCHEMA_FOLDER}/approval.schema.json`]: 'approvals/*.yaml',
    },
  },
  null,
  2,
)}\n`;

const list = (recipients: readonly string[]): string =>
  recipients.map((recipient) => `    - ${recipient}`).join('\n');

/**
 * Configuration, an example, and what editors need; nothing that exists is overwritten.
 * @returns the files written, relative to `root`
 */
export async function writeStarterFiles(root: string, owners: StarterOwners): Promise<readonly string[]> {
  const hasManifests = existsSync(join(root, 'certificates'));
  const schemas = (await readdir(SCHEMAS)).filter((file) =>
    EDITED.includes(file.replace('.schema.json', '')),
  );
  const files = [
    { path: 'certwright.yaml', text: configurationText(owners) },
    ...(hasManifests ? [] : [{ path: 'certificates/example.yaml', text: MANIFEST_TEXT }]),
    { path: '.vscode/settings.json', text: EDITOR_TEXT },
    ...(await Promise.all(
      schemas.map(async (file) => ({
        path: `${SCHEMA_FOLDER}/${file}`,
        text: await readFile(join(SCHEMAS, file), 'utf8'),
      })),
    )),
  ];
  const written: string[] = [];
  for (const { path, text } of files) {
    const target = join(root, path);
    if (existsSync(target)) continue;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text, { flag: 'wx' });
    written.push(path);
  }
  return written;
}
