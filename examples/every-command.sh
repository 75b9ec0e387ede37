#!/bin/sh
# Usage: every-command.sh FOLDER — each command of libctl once, in a script, with the files that it makes in FOLDER.
# The daemon is at LIBCTL_SERVER, empty, with its data in LIBRARYD_DATA. Ends at the first thing that is not as it should be.
set -eu
cd "$1"

is() { [ "$1" = "$2" ] || { echo "expected '$2', found '$1'" >&2; exit 1; }; }
ends() { # CODE COMMAND...: the command ends with that exit code
    wanted=$1 code=0
    shift
    "$@" > out 2> err || code=$?
    [ "$code" = "$wanted" ] || { echo "expected exit code $wanted of '$*', got $code" >&2; cat err >&2; exit 1; }
}

# The daemon, and settings that hold for all commands.
libctl status --wait 10s > /dev/null
is "$(libctl config path)" "$HOME/.config/libctl/config.json"
libctl config set server "$LIBCTL_SERVER"
is "$(libctl config get server)" "$LIBCTL_SERVER"
is "$(libctl config list)" "$(printf 'server\t%s' "$LIBCTL_SERVER")"
libctl config unset server
ends 3 libctl config get server

# Accounts.
printf 'correct horse battery staple\n' > password
for user in ada bob eve; do libctl register "$user" --no-login --password-file password --quiet; done
ends 6 libctl register ada --password-file password
ends 4 libctl whoami
for user in bob eve ada; do libctl login "$user" --password-file password -q; done
is "$(libctl whoami)" ada
is "$(libctl sessions kept --fields user,current)" "$(printf 'bob\tfalse\neve\tfalse\nada\ttrue')"
is "$(curl -s -H "Authorization: Bearer $(libctl token --min-ttl 1m)" "$LIBCTL_SERVER/me" | jq -r .name)" ada

# One author.
libctl authors watch --count 2 > changes 2> watching & watcher=$!
until grep -q watching watching; do kill -0 "$watcher"; done
id=$(libctl authors add --name 'Hilary Mantel' --book 'Wolf Hall' --country UK --booker-prize -o id)
libctl authors rm "$id" --yes > /dev/null
wait "$watcher"
is "$(jq -r .event changes)" "$(printf 'created\ndeleted')"
libctl authors watch --since "$(head -n 1 changes | jq -r .event_id)" --count 1 -q > again
is "$(cat again)" "$(tail -n 1 changes)"
id=$(libctl authors add --name '$(touch pwned)' --book 'a "quoted" book' --country "Côte d'Ivoire" -o id)
ends 6 libctl authors add --name '$(touch pwned)' --book 'a "quoted" book' --country Elsewhere
ends 7 libctl authors add --name "$(printf 'tab\tnewline\n.')" --book B --country C
is "$(libctl authors show "$id" --fields name)" '$(touch pwned)'
is "$(libctl authors edit "$id" --country Ivory --if-version 1 --fields country,version)" "$(printf 'Ivory\t2')"
ends 6 libctl authors edit "$id" --country Coast --if-version 1
is "$(libctl authors rm "$id" --yes -o json | jq -r .country)" Ivory
ends 3 libctl authors show "$id"

# Many authors.
seq 3000 | jq -c '{name: "Writer \(.)", book: "Book \(.)", country: (if . % 3 == 0 then "Ireland" else "India" end)}' > authors.ndjson
libctl authors import authors.ndjson --dry-run --quiet
is "$(libctl authors list -o id | wc -l)" 0
libctl authors import authors.ndjson --atomic --quiet
ends 6 libctl authors import authors.ndjson --rejects rejects.ndjson
is "$(wc -l < rejects.ndjson)" 3000
libctl authors import authors.ndjson --on-conflict skip --quiet
is "$(libctl authors list --country Ireland --sort book:desc --limit 1 --fields book)" 'Book 999'
is "$(libctl authors list --search 'writer 299' -o id | wc -l)" 11
is "$(libctl authors stats --by country)" "$(printf 'country\tIndia\t2000\ncountry\tIreland\t1000')"
libctl authors export library.csv --quiet
libctl --user bob authors import library.csv --quiet
is "$(libctl --user bob authors list --fields name,book,country)" "$(libctl authors list --fields name,book,country)"
libctl authors list --country India -o id | libctl authors rm - --yes -q > /dev/null
libctl authors rm --all --yes > gone
is "$(wc -l < gone)" 1000
ends 0 libctl authors list
is "$(cat out)" ''

# The past, and back again.
libctl authors import authors.ndjson -q 2> imported
libctl authors import authors.ndjson --on-conflict skip 2> imported
is "$(cat imported)" 'skipped 3000, 0 failed'
event=$(libctl authors log --limit 1 --fields event_id)
libctl authors edit "$(libctl authors list --limit 1 -o id)" --country Elsewhere -q > /dev/null
libctl authors rm --all --yes -q > /dev/null
is "$(libctl authors log --limit 1 --fields event)" deleted
is "$(libctl authors list --at "$event" --country Elsewhere -o id)" ''
is "$(libctl authors stats --at "$event" --by country)" "$(printf 'country\tIndia\t2000\ncountry\tIreland\t1000')"
libctl authors export past.ndjson --at "$event" -q
ends 64 libctl undo --last 3000
is "$(libctl undo --last 3000 --dry-run --fields created,updated,deleted -q)" "$(printf '3000\t0\t0')"
libctl undo --last 3000 --yes -q
id=$(libctl authors list --country Elsewhere -o id)
is "$(libctl authors history "$id" -o json | jq -c '[.[].event]')" '["created","deleted","updated","created"]'
ends 6 libctl undo --import "$(libctl authors history "$id" -o json | jq -r '.[-1].import')" --yes
libctl undo --import "$(libctl authors history "$id" -o json | jq -r '.[-1].import')" --force --dry-run -q > /dev/null
libctl authors rm --all --yes -q > /dev/null
ends 3 libctl undo 0123456789abcdef-1 --yes

# A key for a program.
key=$(libctl keys add cron --scope read --expires 1h -q)
is "$(libctl keys list --fields name,scope)" "$(printf 'cron\tread')"
is "$(LIBCTL_TOKEN=$key libctl whoami)" ada
LIBCTL_TOKEN=$key ends 5 libctl authors add --name A --book B --country C
libctl keys rm cron -q
LIBCTL_TOKEN=$key ends 4 libctl whoami

# One request as it is.
is "$(libctl api GET '/authors?limit=1' | jq -c '.list_of_authors')" '[]'
libctl api POST /authors -f name=A -f book=B -f country=C -F booker_prize=true | jq -e .author.booker_prize > /dev/null

# Logins.
libctl login ada --password-file password -q
is "$(libctl sessions list -o id | wc -l)" 2
libctl sessions revoke "$(libctl sessions list --json | jq -r '.[] | select(.current | not).id')" -q
{ cat password; echo 'tuba and cello'; } | libctl passwd --password-stdin -q
ends 4 libctl login ada --password-file password

# Users, for an admin.
ends 5 libctl users list
libraryd user promote ada --data "$LIBRARYD_DATA" > /dev/null
is "$(libctl users list --fields name,admin | sort | head -n 2)" "$(printf 'ada\ttrue\nbob\tfalse')"
libctl users promote bob > /dev/null
libctl users demote bob > /dev/null
libctl users disable eve > /dev/null
ends 4 libctl --user eve whoami
libctl users enable eve > /dev/null
libctl users rm eve --yes -q
ends 6 libctl users demote ada

# The end.
libctl --user bob unregister --yes --password-file password -q
ends 4 libctl --user bob whoami
libctl logout --all -q
ends 4 libctl authors list
ends 64 libctl authors lst
[ ! -e pwned ] || exit 1
