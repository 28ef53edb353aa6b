import { stringify } from 'yaml';
import { CertError } from '../model/errors.js';
import { type PlainTree, sopsYaml } from './sops.js';

export interface KubernetesTarget {
  readonly name: string;
  readonly namespace?: string;
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * A `kubernetes.io/tls` Secret as YAML (https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets).
 * @throws CertError `usage` for a name or namespace that Kubernetes refuses
 */
export const tlsSecret = (target: KubernetesTarget, fullchainPem: string, keyPem: string): string =>
  // Unfolded: `kubectl` reads both, simpler tools only this.
  stringify(secretOf(target, fullchainPem, keyPem), { lineWidth: 0 });

/** Values of a Secret under these keys are nobody's to read. */
const CONFIDENTIAL = ['data', 'stringData'];

/**
 * The same Secret encrypted by SOPS for age recipients, to be committed: Flux and `sops` decrypt it.
 * @throws CertError as `tlsSecret`, and `key.no-recipient`
 */
export const sopsTlsSecret = (
  target: KubernetesTarget,
  fullchainPem: string,
  keyPem: string,
  sops: { readonly recipients: readonly string[]; readonly nowMs: number },
): Promise<string> => sopsYaml(secretOf(target, fullchainPem, keyPem), { ...sops, encrypted: CONFIDENTIAL });

function secretOf(target: KubernetesTarget, fullchainPem: string, keyPem: string): PlainTree {
  if (!SUBDOMAIN.test(target.name) || target.name.length > 253)
    throw new CertError(
      'usage',
      `Kubernetes allows no Secret named ${JSON.stringify(target.name)}: use lower-case letters, digits, \`-\` and \`.\`.`,
    );
  if (target.namespace !== undefined && (!LABEL.test(target.namespace) || target.namespace.length > 63))
    throw new CertError(
      'usage',
      `Kubernetes allows no namespace ${JSON.stringify(target.namespace)}: use lower-case letters, digits and \`-\`.`,
    );
  const metadata =
    target.namespace === undefined
      ? { name: target.name }
      : { name: target.name, namespace: target.namespace };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(fullchainPem), 'tls.key': base64(keyPem) },
  };
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
