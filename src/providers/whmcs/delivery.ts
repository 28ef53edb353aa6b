import type { Capabilities } from '../../model/capabilities.js';
import { CertError } from '../../model/errors.js';
import type { Deliverer } from '../../ports/provider.js';
import { isDelivered, type ShopOptions, type ShopProduct } from './options.js';

const invalid = (message: string, remedy: string): CertError =>
  new CertError('config.invalid', message, { remedy });

/**
 * Does the account that is to deliver exist, and can it: slots that are bought elsewhere, and told apart?
 * @param id  of the shop
 * @throws CertError `config.invalid`
 */
export function checkDelivery(
  { id, environment }: Pick<Deliverer['config'], 'id' | 'environment'>,
  options: ShopOptions,
  deliverer: Deliverer | undefined,
): void {
  const products = options.products.filter(isDelivered);
  const at = options.upstream;
  const where = `providers.${id}`;
  if (at === undefined) {
    const [first] = products;
    if (first === undefined) return;
    throw invalid(
      `${where}: ${first.id} has completion: upstream, and no \`upstream\` says which account delivers`,
      'Write upstream: and the id of the account in which the module buys.',
    );
  }
  if (!deliverer) {
    throw invalid(
      `${where}: upstream names "${at}", and there is no other account of that name`,
      'Write the id of an account below providers:.',
    );
  }
  const { config, offering } = deliverer;
  if (!offering.capabilities.separateActivation || offering.capabilities.slots === undefined) {
    throw invalid(
      `${where}: ${at} (${config.type}) sells nothing that is bought first and activated later`,
      'Only such an account can deliver what a shop sells, as one of type namecheap.',
    );
  }
  if (config.environment !== environment) {
    throw invalid(
      `${where}: environment ${environment}, and ${at} is ${config.environment}`,
      'What one sells the other delivers: both are of one environment.',
    );
  }
  if (offering.capabilities.usesFreeSlots) {
    throw invalid(
      `${where}: ${at} has useFreeSlots, and its slots are what ${id} sells`,
      `Remove useFreeSlots from providers.${at}.`,
    );
  }
  for (const product of products) checkProduct(where, product, at, offering);
}

function checkProduct(
  where: string,
  { id, upstreamProduct, fields }: ShopProduct,
  at: string,
  { products, capabilities }: Deliverer['offering'],
): void {
  if (!products.some((product) => product.id === upstreamProduct)) {
    throw invalid(
      `${where}: ${at} has no product "${upstreamProduct}", which is to deliver ${id}`,
      `Write products.${id}.upstreamProduct: one of ${products.map((product) => product.id).join(', ')}.`,
    );
  }
  if (fields.upstream === undefined && capabilities.slots !== 'exclusive') {
    throw invalid(
      `${where}: nothing tells which slot at ${at} was bought for ${id}`,
      `Map products.${id}.fields.upstream, or write slots: exclusive at ${at} if nobody else buys there.`,
    );
  }
}

/** What an account can do whose every product another one delivers. */
export function deliveredCapabilities({ offering }: Deliverer): Partial<Capabilities> {
  const {
    reissue,
    reissueChangesId,
    changeValidation,
    resendMails,
    carriesRemainingDays,
    renewalWindowMs,
    renewalGraceMs,
    caa,
  } = offering.capabilities;
  return {
    separateActivation: true,
    reissue,
    reissueChangesId,
    carriesRemainingDays,
    ...(changeValidation ? { changeValidation } : {}),
    ...(resendMails ? { resendMails } : {}),
    ...(renewalWindowMs === undefined ? {} : { renewalWindowMs }),
    ...(renewalGraceMs === undefined ? {} : { renewalGraceMs }),
    ...(caa === undefined ? {} : { caa }),
  };
}
