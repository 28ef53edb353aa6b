import { type PaidProviderOptions, startPaidProvider } from './server.js';

/** The seller as a process of its own: options as JSON in argv, `{ url, token }` as one line on stdout. */
const options: PaidProviderOptions = JSON.parse(process.argv[2] ?? '{}');
const server = await startPaidProvider(options);
process.stdout.write(`${JSON.stringify({ url: server.url, token: server.token })}\n`);

// Ends with its parent, even with one that was killed.
process.stdin.resume().on('end', () => void server.close().then(() => process.exit(0)));
