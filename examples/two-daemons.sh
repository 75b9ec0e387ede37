#!/bin/bash
# Usage: two-daemons.sh — sets up PostgreSQL, two daemons on one database and nginx in front of them, as
# docs/postgresql.md says, in a temporary folder, and shows that both serve the same library. It needs the Debian packages
# postgresql, libpq5, nginx-light, curl and jq, but no root, and at its end everything is stopped and removed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin"
for program in libraryd libctl nginx curl jq; do
    command -v "$program" > /dev/null || { echo "two-daemons.sh: there is no $program" >&2; exit 1; }
done
postgres=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2> /dev/null | sort -V | tail -n 1)
[ -n "$postgres" ] || { echo 'two-daemons.sh: there is no PostgreSQL (apt-get install postgresql)' >&2; exit 1; }

# In /tmp: the path of a socket is short.
folder=$(mktemp -d /tmp/libraryd.XXXXXX)
export HOME="$folder/home"
unset "${!LIBRARYD_@}" "${!LIBCTL_@}" "${!XDG_@}" "${!PG@}"
mkdir "$HOME" "$folder/server"
# PostgreSQL refuses to run as root.
as_server=()
if [ "$(id -u)" = 0 ]; then
    as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    chmod 711 "$folder"
    chown postgres: "$folder/server"
fi
server() { (cd "$folder/server" && "${as_server[@]}" "$postgres/$1" "${@:2}"); }
daemons=()
cleanup() {
    if [ -s "$folder/nginx.pid" ]; then kill "$(cat "$folder/nginx.pid")" || true; fi
    for daemon in "${daemons[@]}"; do kill "$daemon" 2> /dev/null || true; wait "$daemon" || true; done
    server pg_ctl -D "$folder/server/data" -m immediate stop > /dev/null 2>&1 || true
    for _ in $(seq 50); do [ -e "$folder/nginx.pid" ] || break; sleep 0.1; done
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n# %s\n' "$*"; }
# Shows a command, and runs it.
run() { printf '$ %s\n' "$*"; eval "$*"; }
is() { [ "$1" = "$2" ] || { echo "two-daemons.sh: expected '$2', found '$1'" >&2; exit 1; }; }

say 'PostgreSQL, with a role for the daemons that owns their database.'
server initdb --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 > "$folder/initdb.log"
server pg_ctl -D data -l log -w -o "-k $folder/server -c listen_addresses=" start > /dev/null
run "createuser -h $folder/server -U postgres libraryd"
run "createdb -h $folder/server -U postgres -O libraryd library"
export LIBRARYD_DATABASE="postgresql://libraryd@/library?host=$folder/server"

say 'Two daemons. Each has a data folder of its own; signing.key is the same in both.'
start_daemon() { # NAME
    mkfifo "$folder/$1.out"
    libraryd --data "$folder/$1" --listen 127.0.0.1:0 --behind-proxy > "$folder/$1.out" 2> "$folder/$1.log" &
    daemons+=($!)
    read -r line < "$folder/$1.out" || { cat "$folder/$1.log" >&2; exit 1; }
    echo "$1: $line"
}
start_daemon a
first=${line#libraryd: listening on }
mkdir -m 700 "$folder/b"
run 'cp $folder/a/signing.key $folder/b/signing.key'
start_daemon b
second=${line#libraryd: listening on }

say 'nginx gives each request to one of them.'
start_nginx() { # PORT
    local user=
    [ "$(id -u)" != 0 ] || user='user root;'
    {
        echo "$user pid $folder/nginx.pid; error_log $folder/nginx.log; events {} http { access_log off;"
        for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $folder/$kind;"; done
        awk '$0 == "```nginx" { on = 1; next } on && $0 == "```" { exit } on' docs/postgresql.md |
            sed -e "s|10.0.0.1:8080|${first#http://}|" -e "s|10.0.0.2:8080|${second#http://}|" \
                -e "s|listen 443 ssl|listen 127.0.0.1:$1|" -e '/ssl_certificate/d'
        echo '}'
    } > "$folder/nginx.conf"
    nginx -e "$folder/nginx.log" -c "$folder/nginx.conf" 2> "$folder/nginx.err"
}
port=
for candidate in $(shuf -i 20000-32000 -n 5); do
    if start_nginx "$candidate"; then port=$candidate; break; fi
done
[ -n "$port" ] || { cat "$folder/nginx.err" >&2; exit 1; }
export LIBCTL_SERVER=http://127.0.0.1:$port
run 'libctl status --wait 10s'

say 'The main job, through both.'
echo 'correct horse battery staple' > "$folder/password"
run 'libctl register ada --password-stdin < $folder/password'
run 'libctl login ada --password-stdin < $folder/password'
run 'libctl authors add --name "Hilary Mantel" --book "Wolf Hall" --country "United Kingdom" --booker-prize'
run 'libctl authors import examples/booker-winners.csv --on-conflict skip'
run 'libctl authors list --search wolf'
for daemon in "$first" "$second"; do
    count=$(LIBCTL_SERVER=$daemon LIBCTL_TOKEN=$(libctl token) libctl authors list -o ndjson | wc -l)
    echo "$daemon has $count authors"
    is "$count" "$(libctl authors list -o ndjson | wc -l)"
done

say 'A token that one daemon has issued is good at the other, until a logout at either.'
token=$(libctl token)
asks() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$1/me"; }
is "$(asks "$first") $(asks "$second")" '200 200'
run 'curl -s -X POST -H "Authorization: Bearer $token" -o /dev/null -w "%{http_code}\n" '"$first"'/logout'
is "$(asks "$second")" 401
echo "$second: $(asks "$second")"

say 'One daemon ends; the other one serves.'
run 'kill '"${daemons[0]}"
wait "${daemons[0]}" || true
run 'libctl login ada --password-stdin < $folder/password'
run 'libctl authors list --search wolf'

say 'Commands of the operator work on the database, whichever daemon runs.'
run 'libraryd user list --data $folder/b'
run 'libraryd check --data $folder/b'
run "$postgres/pg_dump -h $folder/server -U libraryd -Fc -f \$folder/library.dump library"
