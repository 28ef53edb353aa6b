#!/bin/sh
# Brings a certificate and its key to the nginx of this machine. Started as certwright's published hook it reads from
# standard input which one; by hand and from CI its name is the argument:  ./deploy.sh shop
#
# A certificate is served here when $TLS_DIR/NAME exists; all others are passed over. nginx reads
#   ssl_certificate     TLS_DIR/NAME/current/fullchain.pem;
#   ssl_certificate_key TLS_DIR/NAME/current/key.pem;
set -eu
umask 077
: "${TLS_DIR:=/etc/nginx/tls}"
: "${CERTWRIGHT_CLONE:=/srv/certificates}"
: "${CERTWRIGHT_IDENTITY:=/etc/certwright/deploy.txt}" # a file, or the identity itself
: "${NGINX:=nginx}"
export CERTWRIGHT_IDENTITY

name=${1:-$(node -p 'JSON.parse(fs.readFileSync(0, "utf8")).name')}
folder=$TLS_DIR/$name
[ -d "$folder" ] || exit 0

next=$(mktemp -d "$folder/next.XXXXXXXX")
trap 'rm -rf "$next"' EXIT
certwright -C "$CERTWRIGHT_CLONE" export "$name" --out "$next"

# Certificate and key change together, in one rename.
point() { ln -s "$1" "$next.link" && mv -fT "$next.link" "$folder/current"; }
version=$(sha256sum "$next/fullchain.pem" | cut -c1-16)
before=$(readlink "$folder/current" || true)
[ -d "$folder/$version" ] || mv -T "$next" "$folder/$version"
point "$version"

# What nginx does not like is taken back. The reload comes even where nothing is new: an earlier one may have failed.
if ! $NGINX -t -q; then
  [ -z "$before" ] || point "$before"
  exit 1
fi
$NGINX -s reload

for old in "$folder"/*; do
  case ${old##*/} in current | "$version" | "$before") ;; *) rm -rf "$old" ;; esac
done
echo "$name: $(openssl x509 -in "$folder/current/certificate.pem" -noout -serial -enddate | tr '\n' ' ')"
