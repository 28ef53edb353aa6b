#!/bin/sh
# Puts a published certificate into the repository that Flux watches, as a Secret encrypted by SOPS. Started by the
# `published` hook, with one JSON object on its input, or by hand with a name.
#   FLEET           a clone of that repository
#   FLUX_RECIPIENT  age1… of the identity that Flux decrypts with
set -eu
name=${1:-$(jq -r .name)}
folder="$FLEET/certificates"
secret=$(printf '%s' "$name" | tr / -)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The key goes from memory to memory: what lands in the folder is encrypted.
${CERTWRIGHT:-certwright} export "$name" --format k8s-sops --sops-age "$FLUX_RECIPIENT" \
  --namespace "${NAMESPACE:-default}" --secret-name "$secret" --out "$work"
mkdir -p "$folder"
mv "$work/secret.sops.yaml" "$folder/$secret.yaml"
git -C "$FLEET" add "certificates/$secret.yaml"
git -C "$FLEET" commit --quiet --message "certificate $name"
git -C "$FLEET" push --quiet
