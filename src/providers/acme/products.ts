import type { ProductInfo } from '../../model/capabilities.js';
import type { AcmeOptions } from './options.js';

export const PRODUCT = 'dv';

export const productsOf = ({ maxNames }: AcmeOptions): readonly ProductInfo[] => [
  {
    id: PRODUCT,
    vendorCode: PRODUCT,
    validation: 'dv',
    wildcard: true,
    maxNames,
    terms: [],
    title: 'Domain-validated certificate by ACME',
  },
];
