/** The Chromium of the system, without a window, a profile or a network. */
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { hasProgram } from './system.js';

/** What Debian, and others, call it. */
export const CHROMIUM = 'chromium';

const FLAGS = [
  // Containers run tests as root, where the sandbox refuses to start.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function startChromium(): Promise<Browser> {
  const folder = (process.env.PATH ?? '').split(delimiter).find((one) => hasProgram(CHROMIUM, one));
  return chromium.launch({ executablePath: join(folder ?? '', CHROMIUM), args: FLAGS });
}
