/** The page of a report in a real browser: what it shows, that it stays quick, and that nothing in it can do harm. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { pageAssets } from '../../src/entry/overview/assets.js';
import type { Overview } from '../../src/report/overview/types.js';
import { overviewPage } from '../../src/report/page/page.js';
import { CHROMIUM, startChromium } from '../support/chromium.js';
import { tempFolder } from '../support/git.js';
import { manyCertificates, NOW, overview, overviewCertificate } from '../support/overview.js';
import { describeWith } from '../support/system.js';
import { HOSTILE } from '../unit/report/samples.js';
import { LONG_MS } from './stage.js';

const PHONE = { viewport: { width: 360, height: 740 } };
const DESKTOP = { viewport: { width: 1280, height: 900 } };

interface Opened {
  readonly page: Page;
  /** Whatever the browser complained about, and every address but the page's own. */
  readonly complaints: readonly string[];
}

describeWith([CHROMIUM], 'the page in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser.close());

  async function open(view: Overview, options: BrowserContextOptions = DESKTOP, hash = ''): Promise<Opened> {
    const file = join(await tempFolder(), 'report.html');
    await writeFile(file, overviewPage(view, await pageAssets()));
    const context = await browser.newContext({ ...options, acceptDownloads: true });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.clock.setFixedTime(NOW);
    const complaints: string[] = [];
    const own = pathToFileURL(file).href;
    page.on('console', (message) => complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
      const url = request.url();
      if (url.split('#')[0] !== own && !url.startsWith('data:')) complaints.push(`request: ${url}`);
    });
    await page.goto(`${own}${hash}`);
    return { page, complaints };
  }

  const rows = (page: Page) => page.locator('#table tbody tr');
  const names = (page: Page) => page.locator('#table tbody th a').allTextContents();

  it('shows counts, trouble first, pictures and rows, without a complaint or a request', async () => {
    const { page, complaints } = await open(overview(manyCertificates(240)));
    expect(await page.locator('.tile strong').allTextContents()).toEqual(['220', '8', '6', '3', '3']);
    expect(await page.locator('main > section h2, main > div h2').allTextContents()).toEqual([
      '3 certificates expired, 3 to be looked at, 6 waiting for a person.',
      'Somebody has to look',
      'Waiting',
      'Due in 60 days',
      'What ends, and when',
      'Spending',
      'Certificates and orders',
    ]);
    expect(await page.locator('.month .bar').count()).toBeGreaterThan(30);
    expect(await page.locator('.month .cutover').allTextContents()).toEqual([
      '15 Mar 2027 100 days at most',
      '15 Mar 2028 no validation by e-mail',
    ]);
    expect(await rows(page).count()).toBe(100);
    expect(complaints).toEqual([]);
  });

  it('searches, filters, sorts and turns pages', async () => {
    const { page, complaints } = await open(overview(manyCertificates(240)));
    const shown = page.locator('#shown');
    await expect.poll(() => shown.textContent()).toBe('1 to 100 of 240');
    await page.getByRole('button', { name: 'Next', exact: true }).last().click();
    await expect.poll(() => shown.textContent()).toBe('101 to 200 of 240');

    await page.getByRole('searchbox').fill('api.www17.example.com');
    expect(await names(page)).toEqual(['shop/site-00017']);
    await page.getByRole('searchbox').fill('WWW17 9017');
    expect(await names(page)).toEqual(['shop/site-00017']);
    await page.getByRole('searchbox').fill('nothing like it');
    expect(await shown.textContent()).toBe('None fits.');
    await page.getByRole('searchbox').fill('');

    await page.getByLabel('State').selectOption('waiting');
    expect(await shown.textContent()).toBe('6 shown');
    await page.getByLabel('Owner').selectOption('acme-inc');
    expect(await shown.textContent()).toBe('None fits.');
    await page.getByLabel('State').selectOption('');
    await page.getByLabel('Provider').selectOption('sectigo');
    const sectigo = await shown.textContent();
    expect(sectigo).toMatch(/^\d+ shown$/);

    const ends = page.locator('th[data-sort=ends]');
    const dates = async () =>
      (await page.locator('#table tbody td:nth-child(3)').allTextContents()).map((text) => text.slice(0, 10));
    await ends.getByRole('button').click();
    expect(await dates()).toEqual((await dates()).toSorted());
    expect(await ends.getAttribute('aria-sort')).toBe('ascending');
    await ends.getByRole('button').press('Enter');
    expect(await dates()).toEqual((await dates()).toSorted().reverse());
    expect(complaints).toEqual([]);
  });

  it('shows one certificate with its chain of orders on demand, and goes back by Escape', async () => {
    const { page, complaints } = await open(
      overview(manyCertificates(30)),
      DESKTOP,
      '#certificate=shop%2Fsite-00005',
    );
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('heading', { level: 2 }).textContent()).toBe('shop/site-00005');
    expect(await dialog.textContent()).toContain('positivessl-multi-domain');
    expect(await dialog.locator('.chain > li > strong').allTextContents()).toEqual(['9005', '5005']);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => page.url()).not.toContain('#certificate');
    const link = page.locator('#table').getByRole('link', { name: 'shop/site-00017' });
    await link.press('Enter');
    // The page follows its address, which changes with the link: a turn later.
    await dialog.waitFor({ state: 'visible' });
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toBe('shop/site-00017');
    await page.locator('.tile.s-waiting').click();
    await expect.poll(() => page.locator('#shown').textContent()).toBe('1 shown');
    expect(complaints).toEqual([]);
  });

  it(
    'takes 10,000 certificates, and filters them while somebody types',
    async () => {
      const { page, complaints } = await open(overview(manyCertificates(10_000)));
      expect(await page.locator('#shown').textContent()).toBe('1 to 100 of 10,000');
      expect(await rows(page).count()).toBe(100);
      /** The time of one event, with the layout it causes. */
      const took = (text: string) =>
        page.evaluate<number>(`(() => {
        const input = document.querySelector('[name=text]');
        input.value = ${JSON.stringify(text)};
        const from = performance.now();
        input.dispatchEvent(new Event('input', { bubbles: true }));
        document.body.getBoundingClientRect();
        return performance.now() - from;
      })()`);
      const first = await took('www4711.');
      expect(await names(page)).toEqual(['northwind/site-04711']);
      const again = await took('example');
      // Generous for a machine that does other things as well: usually a tenth of it.
      expect(first).toBeLessThan(3000);
      expect(again).toBeLessThan(1000);
      expect(complaints).toEqual([]);
    },
    LONG_MS,
  );

  it('executes and loads nothing that a name, an owner, a reason or an issuer says', async () => {
    const more = [
      '</script><script>document.title = "owned"; alert(1)</script>',
      '<!--<script>',
      '"><img src=x onerror=alert(1)>',
      "'><svg/onload=alert(1)>",
      '</style><style>*{display:none}</style>',
      '</title><meta http-equiv=refresh content="0;url=https://evil.example">',
      'javascript:alert(1)',
      '__proto__',
      '\u2028alert(1)',
    ];
    const certificates = [...HOSTILE, ...more].map((text, n) =>
      overviewCertificate(n, n % 2 === 0 ? 'attention' : 'waiting', {
        name: text,
        owner: text,
        reason: text,
        names: [text],
        provider: text,
        product: text,
        issuer: text,
        manifest: text,
        notes: [{ message: text, level: 'warning', since: '2026-11-01T00:00:00Z' }],
      }),
    );
    const { page, complaints } = await open(overview(certificates, { repository: more[0] ?? '' }));
    const shown = await names(page);
    expect(shown).toHaveLength(certificates.length);
    expect(shown).toEqual(expect.arrayContaining(more.slice(0, 8)));
    for (const name of more.slice(0, 4)) {
      await page.locator('#table').getByRole('link', { name, exact: true }).click();
      await expect.poll(() => page.locator('#details-title').textContent()).toBe(name);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }
    expect(await page.title()).toBe(`Certificates of ${more[0]}`);
    expect(await page.locator('main img, main script, main style, main meta').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('refuses scripts, styles, markup and requests that somehow got in', async () => {
    const { page, complaints } = await open(overview(manyCertificates(3)));
    await page.evaluate(`
      const script = document.createElement('script');
      script.append('document.title = "owned"');
      const image = document.createElement('img');
      image.src = 'https://evil.example/pixel.png';
      document.body.append(script, image);`);
    const innerHtml = await page.evaluate<string>(`(() => {
      try {
        document.body.innerHTML = '<b>owned</b>';
        return 'taken';
      } catch {
        return 'refused';
      }
    })()`);
    expect(innerHtml).toBe('refused');
    expect(await page.title()).not.toBe('owned');
    await expect.poll(() => complaints.join('\n')).toMatch(/evil\.example.*img-src/s);
  });

  it('saves what is shown as CSV, in which no spreadsheet finds a formula', async () => {
    const texts = [
      '=HYPERLINK("https://evil.example")',
      '+1',
      '-2+3',
      '@SUM(A1)',
      '\t=1',
      ' =1',
      '＝1',
      'a "b", c',
    ];
    const { page } = await open(
      overview(texts.map((text, n) => overviewCertificate(n, 'healthy', { name: `n${n}`, owner: text }))),
    );
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('certificates.csv');
    const text = await readFile(await download.path(), 'utf8');
    const owners = text
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => /^"n\d+","[^"]*","","((?:[^"]|"")*)"/.exec(line)?.[1]);
    expect(owners.toSorted()).toEqual(
      texts
        .map((one) => one.replace('\t', '\\t').replaceAll('"', '""'))
        .map((one) => (one.startsWith('a') || one.startsWith('\\') ? one : `'${one}`))
        .toSorted(),
    );
  });

  it.each([
    ['light', DESKTOP],
    ['dark', PHONE],
  ] as const)(
    '%s at %j can be read by everybody (axe: WCAG 2.2 AA, contrast included)',
    async (colorScheme, size) => {
      const { page } = await open(overview(manyCertificates(40)), { ...size, colorScheme });
      await page.evaluate(axe.source);
      const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const check = () =>
        page.evaluate<readonly string[]>(
          `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) =>
            violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')))`,
        );
      expect(await check()).toEqual([]);
      await page.evaluate("location.hash = '#certificate=shop%2Fsite-00005'");
      await page.getByRole('dialog').waitFor();
      expect(await check()).toEqual([]);
    },
  );

  it('fits a phone of 360 pixels whatever the names are', async () => {
    const long = 'x'.repeat(180);
    const certificates = ['expired', 'waiting', 'due', 'healthy'] as const;
    const view = overview(
      certificates.map((standing, n) =>
        overviewCertificate(n, standing, {
          name: `${long}${n}`,
          owner: long,
          reason: long,
          names: [long],
          provider: long,
        }),
      ),
      { repository: `git.example.com/${long}` },
    );
    const { page } = await open(view, PHONE);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const table = await page.locator('#table').boundingBox();
    expect((table?.x ?? 0) + (table?.width ?? 0)).toBeLessThanOrEqual(360);
  });

  it('is all there on paper, without what only a screen can do', async () => {
    const { page } = await open(overview(manyCertificates(240)));
    const few = await page.pdf({ format: 'A4', pageRanges: '1' });
    const all = await page.pdf({ format: 'A4' });
    const pagesOf = (pdf: Buffer): number => pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    expect(pagesOf(few)).toBe(1);
    expect(pagesOf(all)).toBeGreaterThan(6);
    // Afterwards the screen is as it was.
    expect(await rows(page).count()).toBe(100);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.locator('#filter').isVisible()).toBe(false);
    const paper = await page.evaluate('getComputedStyle(document.body).color');
    expect(paper).toBe('rgb(27, 34, 48)');
  });

  it('says a lot without scripts, and says what it cannot do', async () => {
    const { page } = await open(overview(manyCertificates(240)), { ...DESKTOP, javaScriptEnabled: false });
    expect(await rows(page).count()).toBe(100);
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(
      await page.getByText('The first 100 of 240. Searching, and the others, need JavaScript').isVisible(),
    ).toBe(true);
    await page.locator('label[for=by-week]').click();
    expect(await page.getByRole('region', { name: 'By week' }).isVisible()).toBe(true);
  });

  it('tells whoever finds it later how old it is', async () => {
    const { page } = await open(overview(manyCertificates(3)));
    expect(await page.locator('#age').isVisible()).toBe(false);
    await page.clock.setFixedTime(NOW + 12 * 86_400_000);
    await page.reload();
    expect(await page.locator('#age').textContent()).toBe(
      'This page is 12 days old; what it shows may have changed.',
    );
  });

  it('is as good with nothing in it', async () => {
    const { page, complaints } = await open(overview([]));
    expect(await page.locator('#now').textContent()).toBe('There is no certificate yet.');
    expect(complaints).toEqual([]);
  });
});
