import { stringify } from 'yaml';
import { CertError } from '../model/errors.js';

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
export function tlsSecret(target: KubernetesTarget, fullchainPem: string, keyPem: string): string {
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
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(fullchainPem), 'tls.key': base64(keyPem) },
  };
  // Unfolded: `kubectl` reads both, simpler tools only this.
  return stringify(secret, { lineWidth: 0 });
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
