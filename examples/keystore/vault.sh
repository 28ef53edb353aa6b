#!/bin/sh
# Keystore for the transit engine of HashiCorp Vault (or OpenBao: VAULT=bao). A runner that only seals needs
#   path "transit/encrypt/certwright-certificate" { capabilities = ["update"] }
# and whoever opens, `decrypt` of the same key. What a run opens by itself has a key of its own: certwright-runner.
set -eu
vault=${VAULT:-vault}
request=$(cat)
field() { printf '%s' "$request" | jq -er --arg key "$1" '.[$key]'; }

[ "$(field version)" = 1 ] || { echo "this script speaks version 1" >&2; exit 1; }
key="${VAULT_TRANSIT_PATH:-transit}"
name="certwright-$(field purpose)"
case "$(field operation)" in
  seal)
    # "-" reads the value from standard input: it never stands in an argument.
    field plaintext | tr -d '\n' |
      "$vault" write -format=json "$key/encrypt/$name" plaintext=- |
      jq -ce '{version: 1, ciphertext: .data.ciphertext}'
    ;;
  open)
    field ciphertext | tr -d '\n' |
      "$vault" write -format=json "$key/decrypt/$name" ciphertext=- |
      jq -ce '{version: 1, plaintext: .data.plaintext}'
    ;;
  *)
    echo "unknown operation" >&2
    exit 1
    ;;
esac
