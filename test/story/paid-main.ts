/** The built command line with one more kind of provider: the paid one of the tests. */
import { providerDefinitions } from '../../src/providers/index.js';
import { paidTest } from '../support/paid-provider/adapter.js';

Object.assign(providerDefinitions, [...providerDefinitions, paidTest]);
await import('../../src/entry/cli/main.js');
