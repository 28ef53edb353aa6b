import type { ProviderDefinition } from '../ports/provider.js';
import { acme } from './acme/index.js';
import { localCa } from './local-ca/index.js';
import { namecheap } from './namecheap/index.js';
import { sectigo } from './sectigo/index.js';
import { theSslStore } from './thesslstore/index.js';
import { whmcs } from './whmcs/index.js';

/** Every kind of provider, one line each. */
export const providerDefinitions: readonly ProviderDefinition[] = [
  localCa,
  sectigo,
  theSslStore,
  namecheap,
  whmcs,
  acme,
];
