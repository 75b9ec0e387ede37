#!/bin/bash
# Usage: operations.sh — sets up a service as docs/operations.md says, in a temporary folder, and shows that it works:
# the daemon behind nginx with TLS, a closed registration, metrics, a backup and its restore, fail2ban. It needs
# the Debian packages nginx-light, openssl, curl and jq, but no root, and at its end everything is stopped and removed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin"
for program in libraryd libctl nginx openssl curl jq; do
    command -v "$program" > /dev/null || { echo "operations.sh: there is no $program" >&2; exit 1; }
done

folder=$(mktemp -d)
# A home of its own: your library, your logins and your settings are not used.
export HOME="$folder/home"
unset "${!LIBRARYD_@}" "${!LIBCTL_@}" "${!XDG_@}"
mkdir "$HOME" "$folder/backups"
daemon=
cleanup() {
    if [ -s "$folder/nginx.pid" ]; then kill "$(cat "$folder/nginx.pid")" || true; fi
    if [ -n "$daemon" ]; then kill "$daemon" || true; wait "$daemon" || true; fi
    for _ in $(seq 50); do [ -e "$folder/nginx.pid" ] || break; sleep 0.1; done
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n# %s\n' "$*"; }
# Shows a command, and runs it.
run() { printf '$ %s\n' "$*"; eval "$*"; }
# The same with a command that has to fail, with that exit code.
fails() {
    local expected=$1 code=0
    shift
    printf '$ %s\n' "$*"
    eval "$*" || code=$?
    echo "exit code $code"
    [ "$code" = "$expected" ] || { echo "operations.sh: expected exit code $expected" >&2; exit 1; }
}
is() { [ "$1" = "$2" ] || { echo "operations.sh: expected '$2', found '$1'" >&2; exit 1; }; }
# The first block of that language in docs/operations.md.
block() {
    awk -v begin="\`\`\`$1" '$0 == begin { on = 1; next } on && $0 == "```" { exit } on' docs/operations.md
}

say 'The daemon listens on loopback, for the proxy alone, and nobody can register. Port 0 is any free port.'
echo '$ libraryd --data $folder/library --listen 127.0.0.1:0 --behind-proxy --registration closed 2> $folder/log &'
mkfifo "$folder/out"
libraryd --data "$folder/library" --listen 127.0.0.1:0 --behind-proxy --registration closed \
    > "$folder/out" 2> "$folder/log" &
daemon=$!
read -r line < "$folder/out" || { cat "$folder/log" >&2; exit 1; }
echo "$line"
daemon_address=${line#libraryd: listening on }

say 'nginx has the block of docs/operations.md, with a certificate of its own, on a free port.'
run 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout $folder/library.key -out $folder/library.pem 2> /dev/null'
start_nginx() { # PORT
    local user=
    # The workers need the files of the folder, too.
    [ "$(id -u)" != 0 ] || user='user root;'
    {
        echo "$user pid $folder/nginx.pid; error_log $folder/nginx.log; events {} http { access_log off;"
        for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $folder/$kind;"; done
        block nginx | sed -e "s|http://127.0.0.1:8080|$daemon_address|" -e "s|listen 443|listen 127.0.0.1:$1|" \
            -e "s|/etc/ssl|$folder|"
        echo '}'
    } > "$folder/nginx.conf"
    nginx -e "$folder/nginx.log" -c "$folder/nginx.conf" 2> "$folder/nginx.err"
}
port=
for candidate in $(shuf -i 20000-32000 -n 5); do
    if start_nginx "$candidate"; then port=$candidate; break; fi
done
[ -n "$port" ] || { cat "$folder/nginx.err" >&2; exit 1; }
export LIBCTL_SERVER=https://localhost:$port
run 'grep -e listen -e proxy_pass $folder/nginx.conf'
run 'libctl status --wait 10s --cacert $folder/library.pem'

say 'An account is made on the machine of the daemon. The password comes from a file, never from the command line.'
run 'head -c 18 /dev/urandom | base64 > $folder/password'
run 'libraryd user add ada --password-file $folder/password --data $folder/library'

say 'ada logs in through the proxy. A setting names the certificate from now on.'
run 'libctl config set cacert $folder/library.pem'
run 'libctl login ada --password-file $folder/password'
run 'libctl authors import examples/booker-winners.csv --quiet'
run 'libctl authors list --search "wolf hil" --fields name,book'

say 'Nobody else gets an account: 403.'
fails 5 'libctl register bob --password-file $folder/password'

say 'Prometheus reads the metrics on the same machine. Through the proxy they need the token of an admin.'
run 'curl -s $daemon_address/metrics | grep -e "^libraryd_ready" -e "^libraryd_users"'
run 'curl -s --cacert $folder/library.pem -o /dev/null -w "%{http_code}\n" $LIBCTL_SERVER/metrics' | tee "$folder/shown"
is "$(tail -n 1 "$folder/shown")" 401

say 'For a container or cron: does the daemon answer and store?'
run 'libraryd healthcheck --data $folder/library'

say 'The line of the crontab, as cron would run it, while the daemon runs.'
backup=$(block cron | sed -e 's/^\([^ ]* *\)\{5\}//' -e 's|/var/backups/libraryd|$folder/backups|' \
    -e 's|/var/lib/libraryd|$folder/library|')
run "env -i \"PATH=\$PATH\" \"folder=\$folder\" sh -c '$backup'"
run 'libraryd check $folder/backups/library.db'
run '(cd $folder/backups && jq -r "\"\(.sha256)  library.db\"" library.db.manifest | sha256sum -c)'

say 'The backup becomes a library in another folder, with the same authors.'
run 'libraryd restore $folder/backups/library.db --data $folder/restored'
run 'libraryd user list --data $folder/restored -o json | jq -c ".[] | [.name, .authors]"' | tee "$folder/shown"
is "$(tail -n 1 "$folder/shown")" '["ada",60]'

say 'A wrong password is one line of the log, with the address of the client.'
fails 4 'echo "wrong horse" | libctl login ada --password-stdin'
run 'grep "login failed" $folder/log'
if command -v fail2ban-regex > /dev/null; then
    say 'The filter for fail2ban finds the address to ban.'
    run 'fail2ban-regex -o ip $folder/log packaging/fail2ban/filter.d/libraryd.conf' | tee "$folder/shown"
    is "$(tail -n 1 "$folder/shown")" 127.0.0.1
else
    say 'fail2ban is not installed here: its filter is packaging/fail2ban/filter.d/libraryd.conf.'
fi

say 'A script has a key of its own, which may read and nothing else.'
run 'libctl keys add nightly-export --scope read --expires 90d > $folder/key'
export LIBCTL_TOKEN
LIBCTL_TOKEN=$(cat "$folder/key")
run 'libctl authors export $folder/authors.csv'
fails 5 'libctl authors rm 1 --yes'
unset LIBCTL_TOKEN

say 'Who did what, and from where. No entry has a password or a key.'
run 'libraryd audit --data $folder/library' | tee "$folder/shown"
is "$(cut -f 2 "$folder/shown" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
    ' 1 $ libraryd audit --data $folder/library; 1 authors_imported; 1 key_created; 1 login; 1 login_failed; 1 user_created;'
if grep -qF -e "$(cat "$folder/key")" -e "$(cat "$folder/password")" "$folder/shown" "$folder/log"; then exit 1; fi

say 'All went as it should. The daemon and nginx stop, and the folder goes.'
