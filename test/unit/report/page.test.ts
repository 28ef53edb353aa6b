import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pageAssets } from '../../../src/entry/overview/assets.js';
import { embeddedJson, html } from '../../../src/report/page/html.js';
import { overviewPage } from '../../../src/report/page/page.js';
import { axisOf } from '../../../src/report/page/scale.js';
import { manyCertificates, overview, overviewCertificate } from '../../support/overview.js';
import { HOSTILE } from './samples.js';

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Content of every element of a name, as the HTML standard ends them: at the first closing tag, whatever is in quotes. */
const elements = (page: string, name: string): readonly (readonly [attributes: string, content: string])[] =>
  [...page.matchAll(new RegExp(`<${name}\\b([^>]*)>([\\s\\S]*?)</${name}`, 'gi'))].map((match) => [
    match[1] ?? '',
    match[2] ?? '',
  ]);

describe('the page as text', () => {
  it('allows its own style and script by hash, and nothing else', async () => {
    const page = overviewPage(overview(manyCertificates(5)), await pageAssets());
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const rules = policy.replaceAll('&apos;', "'").split('; ');
    const [style] = elements(page, 'style');
    const [data, script] = elements(page, 'script');
    expect(data?.[0]).toBe(' type="application/json" id="data"');
    expect(rules).toEqual([
      "default-src 'none'",
      `style-src ${sha256(style?.[1] ?? '')}`,
      `script-src ${sha256(script?.[1] ?? '')}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
  });

  it('is the same bytes for the same view, and names no address but that of its drawings', async () => {
    const assets = await pageAssets();
    const page = overviewPage(overview(manyCertificates(30)), assets);
    expect(overviewPage(overview(manyCertificates(30)), assets)).toBe(page);
    expect(new Set(page.match(/\w+:\/\/[^\s"'<)&]+/g))).toEqual(new Set(['http://www.w3.org/2000/svg']));
    expect(page).not.toMatch(/ style="| on\w+="/);
  });

  it('has as many elements with hostile texts as with harmless ones', async () => {
    const assets = await pageAssets();
    const pageOf = (texts: readonly string[]) =>
      overviewPage(
        overview(
          texts.map((text, n) =>
            overviewCertificate(n, 'attention', {
              name: text,
              owner: text,
              reason: text,
              names: [text],
              provider: text,
            }),
          ),
        ),
        assets,
      );
    const more = ['</script><script>', '<!--', '"><b>', "'><b>", '</style>', ']]>', '&lt;b&gt;'];
    const texts = [...HOSTILE, ...more];
    const tags = (page: string): number => (page.match(/<[a-z!/]/gi) ?? []).length;
    expect(tags(pageOf(texts))).toBe(tags(pageOf(texts.map((_, n) => `harmless-${n}`))));
  });

  it('keeps data apart from markup: nothing in it ends its element, and it reads as it was', () => {
    const data = ['</script>', '<!--', '&amp;', '\u2028', '"\\'];
    const { markup } = embeddedJson(data);
    expect(markup).not.toMatch(/[<>&\u2028]/);
    expect(JSON.parse(markup)).toEqual(['</script>', '<!--', '&amp;', '\\u{2028}', '"\\']);
  });

  it('escapes in text and in attributes, and shows what cannot be seen', () => {
    const name = `"'<&>\u202e`;
    expect(html`<a title="${name}">${[name, html`<b>`, 1, undefined]}</a>`.markup).toBe(
      '<a title="&quot;&apos;&lt;&amp;&gt;\\u{202e}">&quot;&apos;&lt;&amp;&gt;\\u{202e}<b>1</a>',
    );
  });
});

describe('the scale of a picture', () => {
  it.each([
    [1, [1]],
    [3, [1, 2, 3]],
    [41, [10, 20, 30, 40, 50]],
    [2200, [500, 1000, 1500, 2000, 2500]],
    [0, [1]],
    [0.4, [1]],
    [123_456.78, [25_000, 50_000, 75_000, 100_000, 125_000]],
  ])('for %d ends at or above it, in round steps', (largest, ticks) => {
    expect(axisOf(largest)).toEqual({ top: ticks.at(-1), ticks });
  });
});
