import type { Standing } from '../overview/types.js';
import { type Html, html } from './html.js';

/** A shape for each standing, so that colour is never all there is. Drawn in 16 by 16. */
const SHAPES: Readonly<Record<Standing, Html>> = {
  healthy: html`<circle cx="8" cy="8" r="7" class="fill"/><path d="M4.6 8.3l2.3 2.4 4.5-5" class="cut"/>`,
  due: html`<circle cx="8" cy="8" r="6.25" class="line"/><path d="M8 4.4V8l2.6 1.7" class="line"/>`,
  waiting: html`<path d="M3.5 1.5h9M3.5 14.5h9M4.5 1.8c0 3.6 2.2 4.6 3.5 6.2 1.3-1.6 3.5-2.6 3.5-6.2M4.5 14.2c0-3.6 2.2-4.6 3.5-6.2 1.3 1.6 3.5 2.6 3.5 6.2" class="line"/>`,
  attention: html`<path d="M8 1.2L15.4 14.3H.6z" class="fill"/><path d="M8 5.6v4M8 11.4v1" class="cut"/>`,
  expired: html`<path d="M4.9.9h6.2L15.1 4.9v6.2L11.1 15.1H4.9L.9 11.1V4.9z" class="fill"/><path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" class="cut"/>`,
  archived: html`<path d="M1.8 3h12.4v3H1.8zM3 6v7h10V6M6.2 8.6h3.6" class="line"/>`,
};

/** Stripes, for what is not there yet: told apart from full bars without colours. */
const hatch = (name: string): Html =>
  html`<pattern id="hatch-${name}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M2.5 0V5" class="hatch ${name}"/></pattern>`;

/** Defined once, used by reference. */
export const iconSheet = (): Html =>
  html`<svg width="0" height="0" class="sheet" aria-hidden="true" focusable="false"><defs>${hatch('due')}${hatch('expected')}</defs>${Object.entries(
    SHAPES,
  ).map(
    ([standing, shape]) => html`<symbol id="i-${standing}" viewBox="0 0 16 16">${shape}</symbol>`,
  )}</svg>`;

export const icon = (standing: Standing): Html =>
  html`<svg class="icon" width="14" height="14" aria-hidden="true" focusable="false"><use href="#i-${standing}"/></svg>`;
