#!/bin/bash
# Usage: library.sh USER PASSWORD-FILE CSV-FILE — into an empty library and out again.
set -e
libctl login "$1" --password-file "$2" --quiet
libctl authors add -f "$3" --quiet > /dev/null
libctl authors list -o json | jq -r '[.[] | select(.booker_prize)] | "\(length) winners"'
id=$(libctl authors list --limit 1 -o id)
libctl authors rm "$id" --yes -o json | jq -r '"deleted \(.name), \(.book)"'
code=0; libctl authors show "$id" 2> /dev/null || code=$?
[ "$code" -eq 3 ] && echo "author $id is gone"
