#!/bin/sh
# Lets a dns-01 hook written for dehydrated serve: run: [hooks/dehydrated.sh, ./the-hook.sh]
# Such hooks write TXT records at _acme-challenge and nothing else.
set -eu
hook=$1
case $2 in
  present) verb=deploy_challenge ;;
  cleanup) verb=clean_challenge ;;
  *) exit 0 ;;
esac
if [ "$CERTWRIGHT_TYPE" != TXT ]; then
  echo "a hook for dehydrated cannot publish a $CERTWRIGHT_TYPE record" >&2
  exit 1
fi
exec "$hook" "$verb" "${CERTWRIGHT_OWNER#_acme-challenge.}" - "$CERTWRIGHT_VALUE"
