import { Command, Option } from 'commander';
import type { Context } from '../context.js';
import { SHARD_VARIABLE } from '../shard.js';
import { version } from '../version.js';
import type { Globals } from './globals.js';

/** Options of one command as commander parsed them. */
export type Options = Readonly<Record<string, unknown>>;

/** What a command file exports. Loaded when the command is called: start-up is part of the product. */
export interface CommandModule {
  /** To be stopped is how it ends: that is no interruption. */
  readonly runsUntilStopped?: true;
  run(context: Context, globals: Globals, options: Options, args: readonly string[]): Promise<number>;
}

export type Start = (
  load: () => Promise<CommandModule>,
  command: Command,
  args: readonly string[],
) => Promise<void>;

const REASONS = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation'];

/** Every command with its options; what each does stands in its own file. */
export function buildProgram(start: Start): Command {
  const program = new Command('certwright')
    .description('Certificates you pay for, declared in Git: planned, approved, bought once, renewed.')
    .version(version)
    .option('-C, --directory <dir>', 'work in this folder')
    .option('--json', 'print results as JSON', false)
    .option('--identity <file>', 'age identity file, may be repeated', collect, [])
    .showHelpAfterError('(certwright COMMAND --help explains the options)')
    .configureHelp({ helpWidth: 80, showGlobalOptions: true, optionDescription });

  const add = (name: string, description: string, load: () => Promise<CommandModule>): Command =>
    define(program.command(name).description(description), load, start);

  add('init', 'set up this repository: configuration, example, identity, state', () => import('./init.js'))
    .option('--recipient <age1…>', 'a person who can open the keys, may be repeated', collect, [])
    .option('--single-recipient', 'accept that one lost identity loses every key', false)
    .option('--identity-file <file>', 'where to write the new identity, outside the repository')
    .option('--github', 'write the workflow for GitHub, too; alone where all else is there', false)
    .option('--code-owner <owner>', 'with --github: @user or @org/team for lines in CODEOWNERS')
    .option('--action <owner/name@ref>', 'with --github: version of the Action')
    .option('--dashboard', 'with --github: keep an issue that shows what needs somebody', false)
    .option('--fork-comments', 'with --github: a second workflow comments on pull requests of forks', false)
    .option('--force', 'with --github: overwrite a workflow that is there', false);

  add(
    'claim',
    'take over state that was written elsewhere, or manifests that diverged',
    () => import('./claim.js'),
  )
    .option('--moved', 'the repository moved here; nobody works at the old place any more', false)
    .option('--copy', 'this is a copy: new id, empty state', false)
    .option('--manifests', 'the manifests were rewound on purpose', false)
    .option('-y, --yes', 'do not ask', false);

  add('validate', 'check every file, offline', () => import('./validate.js'));

  withShard(
    withSelectors(add('plan', 'show what would be done, and what it costs', () => import('./plan.js'))),
  )
    .option('--detailed-exitcode', 'exit with 2 when there are changes', false)
    .option('--merge <ref>', 'plan this ref of the remote as merged, with accounts and limits of the branch')
    .option('--into <branch>', 'with --merge: the branch it goes into (the approval branch)')
    .option('--remote-files', 'plan the tip of the approval branch instead of this checkout', false)
    .addOption(new Option('-o, --output <form>', 'how to print').choices(['text', 'markdown', 'json']));

  add(
    'simulate [names...]',
    'play the checkout forward: certificates, spending, gaps',
    () => import('./simulate.js'),
  )
    .option('--owner <owner>', 'only of this owner')
    .option('--provider <id>', 'only at this provider')
    .option('--until <day>', 'play to this day, such as 2031-12-31 (in three years)')
    .option('--compare', 'set it against the tip of the approval branch', false)
    .option('--no-approvals', 'as if nobody merged an approval')
    .option('--offline', 'ask no provider: purchases count at their ceiling', false)
    .option(
      '--validity <day=days>',
      'from that day on certificates live this long; may be repeated',
      collect,
      [],
    )
    .option(
      '--proof-reuse <day=days>',
      'from that day on proofs are reused this long; may be repeated',
      collect,
      [],
    )
    .option('--detailed-exitcode', 'exit with 2 when a certificate would run out', false)
    .addOption(new Option('-o, --output <form>', 'how to print').choices(['text', 'markdown', 'json']));

  withShard(withWatch(add('apply', 'carry out the plan of the approval branch', () => import('./apply.js'))))
    .option('--digest <digest>', 'only the plan with this digest')
    .option('--wait <duration>', 'stay this long for quick issuance (0s: not at all)', '30s')
    .option('--sync', 'before, list every account and look at every order that waits', false)
    .option('--sync-if-older <duration>', 'before, list accounts whose last list is older')
    .option('-y, --yes', 'do not ask', false);

  withShard(
    withWatch(
      add(
        'sync [names...]',
        'take over what changed at the providers; carries out nothing',
        () => import('./sync.js'),
      ),
    ),
  ).option('--write-due-dates', 'tell shops that bill by themselves when paid terms end', false);

  withShard(
    withSelectors(
      add('status', 'every certificate: state, dates, who must act', () => import('./status.js')),
    ),
  )
    .addOption(
      new Option('-o, --output <form>', 'how to print').choices(['wide', 'json', 'name', 'markdown']),
    )
    .option('--watch', 'again every few seconds', false);

  withSelectors(
    add('report', 'how things stand, as a page, Markdown, JSON or a calendar', () => import('./report.js')),
  )
    .option('--out <file>', 'what to write; - for stdout')
    .addOption(
      new Option('--format <format>', 'what it is, where the name does not say').choices([
        'html',
        'markdown',
        'json',
        'ics',
      ]),
    );

  add('show <name>', 'everything about one certificate', () => import('./show.js')).option(
    '--csr',
    'print only the certificate request of what is under way',
    false,
  );

  add('export <name>', 'certificate and key in the form a server wants', () => import('./export.js'))
    .addOption(
      new Option('--format <format>', 'what to write')
        .choices(['pem', 'der', 'p7b', 'p12', 'k8s', 'k8s-sops', 'zip'])
        .default('pem'),
    )
    .addOption(new Option('--server <server>', 'whom a zip is for').choices(['nginx', 'apache', 'iis']))
    .option('--out <dir>', 'folder to write into; - for stdout (pem, k8s, k8s-sops)', '.')
    .option('--force', 'write the key even into the repository', false)
    .option('--password-file <file>', 'password of a p12 or pfx (or CERTWRIGHT_EXPORT_PASSWORD)')
    .option('--legacy', 'p12 for old Windows and Java (3DES, RSA only)', false)
    .option('--no-key', 'leave the private key out')
    .option('--namespace <name>', 'Kubernetes namespace')
    .option('--secret-name <name>', 'name of the Kubernetes secret')
    .option('--sops-age <age1…>', 'with k8s-sops: who decrypts it; may be repeated', collect, []);

  add('resolve <name>', 'tell what became of something only a person can know', () => import('./resolve.js'))
    .option('--order-id <id>', 'the order is there, with this id')
    .option('--not-placed', 'the order was not placed', false)
    .option('--accept-price', 'the higher charge is right', false)
    .option('--reset-breaker', 'the many issuances were looked into', false)
    .option('--action <action>', 'which action is meant, where two are open')
    .option('-y, --yes', 'do not ask', false);

  add(
    'reissue <name>',
    'ask for a new certificate inside the paid term',
    () => import('./reissue.js'),
  ).requiredOption('--reason <text>', 'why, for the history');

  add(
    'replace [names...]',
    'ask for many new certificates by a deadline, as after an incident of a CA',
    () => import('./replace.js'),
  )
    .option(
      '--serials <file>',
      'only these serial numbers: one for each line, CSV with a column serial, JSON',
    )
    .option('--issuer <name>', 'only of this issuer, such as "CN=Example CA 2"')
    .option('--issued-after <date>', 'only whose notBefore is then or later')
    .option('--issued-before <date>', 'only whose notBefore is earlier')
    .option('--deadline <when>', 'when all of them have to be replaced: 24h, 5d or an instant')
    .option('--reason <text>', 'why, for the history')
    .option('--dry-run', 'show what it takes, record nothing', false)
    .option('--status', 'how far replacements are, and whether their deadlines hold', false)
    .option('--withdraw <id>', 'take back what is left of this replacement')
    .option('-y, --yes', 'do not ask', false);

  add('revoke <name>', 'ask for a revocation', () => import('./revoke.js'))
    .addOption(new Option('--code <code>', 'RFC 5280 reason').choices(REASONS).default('unspecified'))
    .option('--serial <hex>', 'an earlier certificate instead of the current one')
    .requiredOption('--reason <text>', 'why, for the history')
    .option('-y, --yes', 'do not ask', false);

  add(
    'compromise [names...]',
    'a key is known to somebody else: block it, replace it everywhere, revoke',
    () => import('./compromise.js'),
  )
    .option('--key <hash>', 'SHA-256 of a public key; may be repeated', collect, [])
    .option('--file <file>', 'file with such hashes, or with keys, CSRs or certificates in PEM')
    .requiredOption('--reason <text>', 'why, for the history')
    .option('--revoke-now', 'revoke before another certificate is there', false)
    .option('--dry-run', 'show it, change nothing', false)
    .option('-y, --yes', 'do not ask', false);

  add('abandon <name>', 'give up an order that is placed and not issued', () => import('./abandon.js'))
    .requiredOption('--reason <text>', 'why, for the history')
    .option('-y, --yes', 'do not ask', false);

  add('import', 'manifests for the orders an account has; nothing is bought', () => import('./import.js'))
    .option('--provider <id>', 'account, where there are several')
    .option(
      '--out <path>',
      'where manifests go; {domain}, {owner}, {provider}, {product}, {order} are replaced',
      'certificates/{owner}/{domain}.yaml',
    )
    .option('--owner <text>', 'who is told')
    .option('--owner-rule <glob=owner>', 'who is told of names that fit; may be repeated', collect, [])
    .option('--domain <glob>', 'only orders with such a name; may be repeated', collect, [])
    .option('--product <code>', 'only this product')
    .option('--state <state>', 'only issued or only pending orders', collect, [])
    .option('--expires-before <date>', 'only certificates that end before this day')
    .option('--rebuild', 'make a lost state anew from git and the accounts instead', false)
    .option('--from <place>', 'with --rebuild: an old clone, a bundle or a ref; may be repeated', collect, [])
    .option('--dry-run', 'write nothing', false)
    .option('-y, --yes', 'with --rebuild: do not ask', false);

  add('attach <name> <file>', 'hand in a certificate that no API delivers', () => import('./attach.js'));

  add(
    'retry <name>',
    'try again at once what waits after a failure or for a mail',
    () => import('./retry.js'),
  );

  add(
    'check [providers...]',
    'log in to every account, and dial every endpoint: what works, what is served',
    () => import('./check.js'),
  ).option('--endpoints', 'dial endpoints only; then the arguments are certificates', false);

  add(
    'doctor',
    'is everything as it should be: repository, keys, accounts, solvers, clock',
    () => import('./doctor.js'),
  )
    .option('--github', 'branches, rights and schedule on GitHub, too', false)
    .option('--daemon <url>', 'is the daemon ready that listens there, such as http://127.0.0.1:8470');

  add(
    'balance [providers...]',
    'what every account holds, and what falls due there',
    () => import('./balance.js'),
  );

  add(
    'products [providers...]',
    'what the accounts sell, for which terms and prices',
    () => import('./products.js'),
  ).option('--match <text>', 'only products with this text in name, code or title');

  add(
    'notify [channels...]',
    'what people would be told now; --test tries the channels',
    () => import('./notify.js'),
  )
    .option('--test', 'send a test message through every channel, or those named', false)
    .option('--dry-run', 'show what would be told now, and send nothing (the default)', false);

  add('providers', 'the kinds of provider, and what each can do', () => import('./providers.js'));

  define(
    program
      .command('keys')
      .description('keys and who can open them')
      .command('prove')
      .description('show that an identity opens what is sealed, and record it'),
    () => import('./keys-prove.js'),
    start,
  );

  add('rekey', 'seal everything anew for the recipients there are now', () => import('./rekey.js'))
    .option('--reissue-removed', 'ask for new keys where a removed recipient knows the old one', false)
    .option('--dry-run', 'show it, change nothing', false)
    .option('-y, --yes', 'do not ask', false);

  add(
    'sandbox [provider]',
    'a strict local server of a provider, to rehearse with',
    () => import('./sandbox.js'),
  )
    .option('--port <n>', 'port on 127.0.0.1 (any free one if absent)')
    .option('--state <file>', 'keep the account in this file and go on with it tomorrow')
    .option('--speed <n>', 'seconds of the sandbox in a second; 86400 is a day')
    .option('--fault <fault>', 'NAME[:VALUE][@OPERATION][*TIMES], may be repeated', collect, [])
    .option('--set <key=value>', 'a setting, may be repeated', collect, [])
    .option('--list', 'show every provider, setting and fault', false);

  withShard(
    withWatch(
      add(
        'daemon',
        'apply and sync by themselves: on a timer, on dates, on a push',
        () => import('./daemon.js'),
      ),
    ),
  )
    .option('--poll <duration>', 'look at the remote this often', '5m')
    .option('--sync-every <duration>', 'list every account this often', '20h')
    .option('--wait <duration>', 'stay this long for quick issuance', '30s')
    .option('--max-actions <n>', 'begin so many orders, reissues and the like in one run', '100')
    .option('--max-time <duration>', 'begin nothing more in a run after this long', '10m')
    .option('--stop-within <duration>', 'after SIGTERM, leave what takes longer than this', '150s')
    .option('--host <address>', 'listen here', '127.0.0.1')
    .option('--port <n>', 'for webhooks, health checks and metrics; 0 for any free one', '8470')
    .option('--webhook-secret <file>', 'file with the secrets, one on a line (or CERTWRIGHT_WEBHOOK_SECRET)');

  add('demo', 'the whole story in a temporary folder', () => import('./demo.js')).option(
    '--dir <dir>',
    'leave everything in this folder',
  );

  return program;
}

function define(command: Command, load: () => Promise<CommandModule>, start: Start): Command {
  return command.action(async (...given: unknown[]) => {
    // Arguments come first, then options and the command itself; `[names...]` arrives as a list.
    const args = given
      .slice(0, -2)
      .flat()
      .filter((value): value is string => typeof value === 'string');
    await start(load, command, args);
  });
}

/** Several processes share the work. */
const withShard = (command: Command): Command =>
  command.addOption(
    new Option('--shard <i/n>', 'one of n that share the work, from 1/n; job/n in an Indexed Job').env(
      SHARD_VARIABLE,
    ),
  );

/** Which certificates are shown. */
const withSelectors = (command: Command): Command =>
  command
    .argument('[names...]', 'names or globs (team-a/**)')
    .option('--owner <owner>', 'only of this owner')
    .option('--provider <id>', 'only at this provider')
    .option('--state <state>', 'only in this state');

/** Who is told how runs went. */
const withWatch = (command: Command): Command =>
  command
    .option('--metrics-file <file>', 'write metrics for Prometheus into this file after every run')
    .option('--ping <url>', "call this dead man's switch after every run; a URL, or a file that holds it")
    .option('--ping-start', 'call it at the beginning of a run, too', false);

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** A switch that is off and an empty list are what everybody expects; other defaults are worth a word. */
const optionDescription = ({ description, argChoices, defaultValue }: Option): string => {
  const notes = [
    ...(argChoices === undefined ? [] : [argChoices.join(', ')]),
    ...(typeof defaultValue === 'string' ? [`default: ${defaultValue}`] : []),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
};
