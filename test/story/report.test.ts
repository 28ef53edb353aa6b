/** Somebody who reads no terminals gets a file: the built command, with the example of the guide. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { changesIn, tempFolder } from '../support/git.js';
import { exampleOf } from './rehearsal.js';
import { LONG_MS, teamOf } from './stage.js';

const example = exampleOf('report');

it(
  'a report of what was bought goes to the team, and one to a customer that tells of nobody else',
  async () => {
    const configuration = await example('certwright.yaml');
    const settings = configuration.slice(configuration.indexOf('\nproviders:') + 1);
    const team = await teamOf({
      // The account keeps the name that `init` gave it.
      providers: settings.replace('store:', 'internal:'),
      files: {
        'certificates/_defaults.yaml': 'term: 1y\nautoRenew: true\nmaxPrice: 25.00 USD\n',
        'certificates/northwind.yaml': await example('certificates/northwind.yaml'),
        'certificates/shop.yaml': await example('certificates/shop.yaml'),
      },
    });
    const proven = await team.certwright(['keys', 'prove']);
    expect(proven.code, proven.said).toBe(0);
    const applied = await team.certwright(['apply', '--yes']);
    expect(applied.code, applied.said).toBe(0);
    const before = await team.refs();

    const folder = await tempFolder();
    const page = join(folder, 'site', 'index.html');
    const made = await team.certwright(['report', '--out', page]);
    expect(made.said).toBe(`${page}: Everything is in order. Nobody has to do anything.\n`);
    const html = await readFile(page, 'utf8');
    expect(html).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(html).toContain('shop.example.com');
    expect(html).toContain('<span class="unit">USD (REHEARSAL)</span>');

    const calendar = join(folder, 'northwind.ics');
    const part = await team.certwright(['report', '--out', calendar, '--owner', 'northwind', '--json']);
    expect(JSON.parse(part.out)).toMatchObject({ file: calendar, format: 'ics', certificates: 1 });
    const entries = await readFile(calendar, 'utf8');
    expect(entries.match(/^SUMMARY:.*$/gm)?.map((line) => line.trim())).toEqual([
      'SUMMARY:northwind: certificate ends',
      'SUMMARY:northwind: paid term ends',
      'SUMMARY:northwind: reissue is due',
      'SUMMARY:northwind: renewal is due',
    ]);
    expect(entries).not.toContain('shop.example.com');

    const printed = await team.certwright(['report', '--json']);
    const { counts, spending } = JSON.parse(printed.out);
    expect(counts).toMatchObject({ healthy: 2, attention: 0 });
    expect(spending.providers).toMatchObject([
      { of: 'internal', spent: [{ amount: '25.00', environment: 'rehearsal' }] },
    ]);
    expect(await team.refs()).toEqual(before);
    expect(await changesIn(team.clone)).toBe('');
  },
  LONG_MS,
);
