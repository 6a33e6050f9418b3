#!/usr/bin/env bash
# Sign files with the key in $GPG_PRIVATE_KEY and its $GPG_PASSPHRASE: FILE.sig is a binary, detached signature.
set -euo pipefail
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
gpg --batch --quiet --import <<< "$GPG_PRIVATE_KEY"
for file in "$@"; do
    gpg --batch --yes --quiet --pinentry-mode loopback --passphrase-fd 0 --detach-sign "$file" <<< "$GPG_PASSPHRASE"
    gpg --batch --quiet --verify "$file.sig" "$file"
done
