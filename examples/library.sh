#!/bin/bash
# Usage: library.sh USER CSV-FILE — registers a new account, imports a file into its library, and reads it again.
# Neither your own library nor your own login changes: the script keeps its login in a folder of its own. Where the
# daemon is not at its default address, set LIBCTL_SERVER.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_CONFIG_HOME=$folder
head -c 18 /dev/urandom | base64 > "$folder/password"
libctl register "$1" --password-file "$folder/password" --quiet

libctl authors import "$2" --quiet
libctl authors list -o json | jq -r '[.[] | select(.booker_prize)] | "\(length) winners"'
id=$(libctl authors list --limit 1 -o id)
libctl authors rm "$id" --yes -o json | jq -r '"deleted \(.name), \(.book)"'
code=0
libctl authors show "$id" 2> /dev/null || code=$?
if [ "$code" -eq 3 ]; then echo "the author is gone"; fi
libctl logout --quiet
