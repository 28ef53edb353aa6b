#!/bin/sh
# A DNS service with an HTTP API: $1 is present or cleanup; the record is in CERTWRIGHT_TYPE, _OWNER and _VALUE.
# Both calls may come again for a record that is there, or gone, already: neither is an error.
set -eu
case $1 in
  present) method=PUT ;;
  cleanup) method=DELETE ;;
  *) exit 0 ;;
esac
# The token goes through stdin: other users of the machine can read argument lists.
printf 'header = "Authorization: Bearer %s"\n' "$DNS_API_TOKEN" |
  curl --fail --silent --show-error --max-time 30 --config - --request "$method" \
    --data-urlencode "type=$CERTWRIGHT_TYPE" \
    --data-urlencode "name=$CERTWRIGHT_OWNER" \
    --data-urlencode "value=$CERTWRIGHT_VALUE" \
    "$DNS_API/records"
