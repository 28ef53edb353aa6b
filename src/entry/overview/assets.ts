import { readFile } from 'node:fs/promises';
import type { PageAssets } from '../../report/page/page.js';

/** At the root of the package: three folders up, from `src/entry/overview` as from `dist/entry/overview`. */
const FOLDER = new URL('../../../assets/report/', import.meta.url);

/** What uses something stands behind what it uses. */
const SCRIPTS = ['dom.js', 'rows.js', 'csv.js', 'table.js', 'details.js', 'start.js'];

const read = (file: string): Promise<string> => readFile(new URL(file, FOLDER), 'utf8');

/** Style and script of the page, as they are put into it. */
export async function pageAssets(): Promise<PageAssets> {
  const [style, ...scripts] = await Promise.all([read('page.css'), ...SCRIPTS.map(read)]);
  return { style, script: `(() => {\n'use strict';\n${scripts.join('\n')}})();\n` };
}
