#!/bin/sh
# Clones the repository named by CERTWRIGHT_REPOSITORY once, then runs certwright in it.
# Files that may be mounted: /run/secrets/git/key and known_hosts (ssh), /run/secrets/certwright/identity.
set -eu

: "${CERTWRIGHT_REPOSITORY:?set it to the address of the repository that holds certwright.yaml}"
secrets=${CERTWRIGHT_SECRETS:-/run/secrets}
mkdir -p "$HOME"

if [ -r "$secrets/git/key" ]; then
  # No known_hosts, no connection: whom we give our state to is not to be guessed.
  export GIT_SSH_COMMAND="ssh -i $secrets/git/key -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$secrets/git/known_hosts"
fi
if [ -z "${CERTWRIGHT_IDENTITY:-}" ] && [ -r "$secrets/certwright/identity" ]; then
  export CERTWRIGHT_IDENTITY="$secrets/certwright/identity"
fi

clone=${CERTWRIGHT_CLONE:-/data/repository}
if [ ! -d "$clone/.git" ]; then
  # Beside it first: a clone that was broken off is never taken for a whole one.
  rm -rf "$clone.part"
  git clone --quiet --single-branch ${CERTWRIGHT_BRANCH:+--branch "$CERTWRIGHT_BRANCH"} "$CERTWRIGHT_REPOSITORY" "$clone.part"
  mv "$clone.part" "$clone"
fi
cd "$clone"
exec certwright "$@"
