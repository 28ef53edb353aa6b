#!/bin/sh
# Keystore for AWS KMS. A runner that only seals needs kms:Encrypt on the key, whoever opens kms:Decrypt. The key of each
# purpose stands in a variable: CERTWRIGHT_KMS_CERTIFICATE, and CERTWRIGHT_KMS_RUNNER for what a run opens by itself.
set -eu
aws=${AWS:-aws}
request=$(cat)
field() { printf '%s' "$request" | jq -er --arg key "$1" '.[$key]'; }

[ "$(field version)" = 1 ] || { echo "this script speaks version 1" >&2; exit 1; }
purpose=$(field purpose)
case "$purpose" in
  runner) key=$CERTWRIGHT_KMS_RUNNER ;;
  *) key=$CERTWRIGHT_KMS_CERTIFICATE ;;
esac
case "$(field operation)" in
  seal)
    # Base64 in a file is what KMS wants of a blob; standard input is one, and no argument.
    field plaintext | tr -d '\n' | base64 -d |
      "$aws" kms encrypt --key-id "$key" --encryption-context "certwright=$purpose" \
        --plaintext fileb:///dev/stdin --output json |
      jq -ce '{version: 1, ciphertext: .CiphertextBlob}'
    ;;
  open)
    field ciphertext | tr -d '\n' | base64 -d |
      "$aws" kms decrypt --key-id "$key" --encryption-context "certwright=$purpose" \
        --ciphertext-blob fileb:///dev/stdin --output json |
      jq -ce '{version: 1, plaintext: .Plaintext}'
    ;;
  *)
    echo "unknown operation" >&2
    exit 1
    ;;
esac
