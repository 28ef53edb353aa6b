import { LICENCE_OFFER } from '../../../src/providers/sectigo/licence-products.js';
import { known, prices, provider, type Scene, spec, usd } from '../../support/planner.js';

const product = 'positivessl';
const accounts = [
  provider('sectigo', { config: { minimumBalance: usd('50') }, balance: usd('80') }),
  provider('sites', { licences: LICENCE_OFFER, capabilities: { licences: true, termCounting: 'days' } }),
  provider('thesslstore', { capabilities: { carriesRemainingDays: true } }),
  provider('resold', { down: 'no answer within 30 s' }),
];
const everywhere = ['sectigo', 'thesslstore', 'resold'];

/** A pull request that declares a team's first certificates. */
export const firstOrders: Scene = {
  providers: accounts,
  specs: [
    spec('team-a/shop', {
      product,
      providers: everywhere,
      names: ['shop.example.com', 'www.shop.example.com'],
    }),
    spec('team-a/api', {
      product,
      providers: everywhere,
      names: ['api.example.com'],
      term: { unit: 'year', count: 3 },
      maxPrice: usd('80'),
    }),
    spec('team-a/pay', { product, providers: ['sectigo'], names: ['pay.example.com'], maxPrice: usd('20') }),
    spec('team-a/beta', { product, providers: ['thesslstore'], names: ['beta.example.com'] }),
    spec('team-a/wiki', { product: 'ev-single', providers: ['resold'], names: ['wiki.example.com'] }),
    spec('team-a/lost', { product, providers: ['godaddy'], names: ['lost.example.com'] }),
    {
      kind: 'sitelock',
      name: 'team-a/guard',
      position: { file: 'certificates/team-a/guard.yaml', line: 1, column: 1 },
      digest: 'd',
      domain: 'example.com',
      providers: ['sectigo'],
      product: 'sitelock-basic',
      addOns: [],
      autoRenew: false,
      renewedBy: 'certwright',
      owner: 'platform-team',
      suspend: false,
    },
    {
      kind: 'sitelock',
      name: 'team-a/guarded',
      position: { file: 'certificates/team-a/guarded.yaml', line: 1, column: 1 },
      digest: 'd',
      domain: 'example.org',
      providers: ['sites'],
      product: 'sitelock-basic',
      addOns: ['backup-10gb', 'trueshield'],
      term: { unit: 'year', count: 1 },
      autoRenew: false,
      renewedBy: 'provider',
      maxPrice: usd('50'),
      owner: 'platform-team',
      customer: { email: 'owner@example.org' },
      suspend: false,
    },
  ],
  facts: {
    'team-a/shop': { prices: prices({ 'sectigo order': '25', 'thesslstore order': '27.50' }, product) },
    'team-a/api': {
      prices: prices({ 'sectigo order': '66', 'thesslstore order': '61.20' }, product, '3y'),
    },
    'team-a/pay': { prices: prices({ 'sectigo order': '25' }, product) },
    'team-a/beta': { prices: prices({ 'thesslstore order': 'unknown' }, product) },
    'team-a/guarded': {
      prices: {
        ...prices({ 'sites order': '49' }, 'sitelock-basic'),
        ...prices({ 'sites order': '29' }, 'backup-10gb'),
        ...prices({ 'sites order': '39' }, 'trueshield'),
      },
    },
    'team-a/wiki': { prices: { 'resold|order|ev-single|1y': known('310') } },
  },
};
