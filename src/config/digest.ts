import { hash } from 'node:crypto';
import { configure } from 'safe-stable-stringify';
import type { Spec } from '../model/manifest.js';

const canonical = configure({ strict: true, deterministic: true });

type Undigested<S> = S extends Spec ? Omit<S, 'digest'> : never;

/** SHA-256 (hex) over what the manifest means: with its defaults, wherever it stands and however it is laid out. */
export function specDigest(spec: Undigested<Spec>): string {
  const { position: _, ...meaning } = spec;
  return hash('sha256', canonical(meaning));
}
