import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CertError, messageOf } from '../../model/errors.js';
import { dayOf } from '../../model/time.js';
import { attachCertificate } from '../../reconcile/handed-in.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { printTold } from './person.js';
import type { Options } from './program.js';

/** `certwright attach NAME FILE`: a certificate that a person got is verified and published like every other one. */
export async function run(
  context: Context,
  globals: Globals,
  _options: Options,
  args: readonly string[],
): Promise<number> {
  const [name = '', file = ''] = args;
  const text = await readText(resolve(context.cwd, file), file);
  const workplace = await openWorkplace(context, globals);
  try {
    const { orderId, serial, notAfterMs } = await attachCertificate(workplace.deps, name, text);
    printTold(context, globals, {
      changed: true,
      facts: { name, order: orderId, serial, notAfter: new Date(notAfterMs).toISOString() },
      sentences: [`${name} is published: order ${orderId}, serial ${serial}, ends ${dayOf(notAfterMs)}.`],
    });
    return EXIT.fine;
  } finally {
    await workplace.close();
  }
}

/** @throws CertError `usage` */
async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CertError('usage', `${name} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
