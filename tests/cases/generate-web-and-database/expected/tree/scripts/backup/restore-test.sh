#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Proves that a dump comes back: run as root in the image of a store, on a server of its own that is thrown away.
# Between the two calls the dump is shipped and fetched as always.
#
# usage: BACKUP_NAME=db restore-test.sh KIND seed      start an empty server, fill it, dump it
#        BACKUP_NAME=db restore-test.sh KIND compare   start another one, restore what was fetched, compare
# KIND is postgres, mysql or redis.
. "$(dirname "$0")/common.sh"

kind=${1:?postgres, mysql or redis}
phase=${2:?seed or compare}
data=$(mktemp -d)
fetched=$staging/restore/${BACKUP_NAME:?}
expected=$staging/.expected-$BACKUP_NAME
started=$(date +%s)
mkdir -p "$staging"

postgres_start() {
    export PGHOST=127.0.0.1 PGPORT="${TEST_PORT:-54399}" PGUSER=postgres PGDATABASE=shop
    chown postgres "$data"
    chmod 700 "$data"
    su postgres -s /bin/sh -c "cd / && '$(command -v initdb)' -D '$data/server' -U postgres -A trust >/dev/null &&
        '$(command -v pg_ctl)' -D '$data/server' -l '$data/log' -w -o '-p $PGPORT -k $data -c listen_addresses=127.0.0.1' start" >/dev/null ||
        fail 'the server does not start'
}

postgres_stop() {
    su postgres -s /bin/sh -c "'$(command -v pg_ctl)' -D '$data/server' -m immediate stop" >/dev/null 2>&1 || :
}

postgres_seed() {
    PGDATABASE=postgres psql -X -q -c 'CREATE DATABASE shop'
    psql -X -q -v ON_ERROR_STOP=1 -c "CREATE TABLE item AS
        SELECT n AS id, md5(n::text) AS note FROM generate_series(1, 50000) AS n"
}

postgres_state() {
    psql -X -A -t -c "SELECT count(*), md5(string_agg(id || note, ',' ORDER BY id)) FROM item"
}

postgres_restore() {
    "$here/restore-postgres.sh" "$fetched"
}

# sql TEXT: ask the MySQL or MariaDB of this test.
sql() {
    "$client" --no-defaults --host=127.0.0.1 --port="$MYSQL_PORT" --protocol=tcp --user="$MYSQL_USER" --batch --skip-column-names \
        --execute="$1"
}

mysql_start() {
    server=$(command -v mariadbd || command -v mysqld) || fail 'this image has no server'
    client=$(command -v mariadb || command -v mysql) || fail 'this image has no client'
    export MYSQL_HOST=127.0.0.1 MYSQL_PORT="${TEST_PORT:-33999}" MYSQL_USER=restore MYSQL_PWD=''
    chmod 755 "$data"
    mkdir "$data/server" "$data/run"
    chown mysql "$data/server" "$data/run"
    if install=$(command -v mariadb-install-db); then
        "$install" --no-defaults --user=mysql --datadir="$data/server" --auth-root-authentication-method=normal --skip-test-db
    else
        "$server" --no-defaults --user=mysql --datadir="$data/server" --initialize-insecure
    fi >"$data/log" 2>&1 || fail 'the server has no data folder'
    printf '%s\n' "CREATE USER restore@'127.0.0.1';" "GRANT ALL ON *.* TO restore@'127.0.0.1' WITH GRANT OPTION;" >"$data/init.sql"
    chmod 644 "$data/init.sql"
    "$server" --no-defaults --user=mysql --datadir="$data/server" --port="$MYSQL_PORT" --bind-address=127.0.0.1 \
        --socket="$data/run/socket" --pid-file="$data/run/pid" --init-file="$data/init.sql" --skip-name-resolve >"$data/log" 2>&1 &
    attempts=0
    until sql 'SELECT 1' >/dev/null 2>&1; do
        attempts=$((attempts + 1))
        [ "$attempts" -lt 100 ] || fail 'the server does not start'
        sleep 1
    done
}

mysql_stop() {
    kill "$(cat "$data/run/pid" 2>/dev/null)" 2>/dev/null || :
    wait
}

mysql_seed() {
    sql 'CREATE DATABASE shop'
    sql 'CREATE TABLE shop.item (id INT AUTO_INCREMENT PRIMARY KEY, note TEXT)'
    sql 'INSERT INTO shop.item (note) SELECT MD5(CONCAT(table_name, column_name)) FROM information_schema.columns LIMIT 500'
}

mysql_state() {
    sql 'SELECT * FROM shop.item ORDER BY id' | sha256sum
}

mysql_restore() {
    "$here/restore-mysql.sh" "$fetched"
}

redis_start() {
    server=$(command -v valkey-server || command -v redis-server) || fail 'this image has no server'
    client=$(command -v valkey-cli || command -v redis-cli) || fail 'this image has no client'
    export REDIS_HOST=127.0.0.1 REDIS_PORT="${TEST_PORT:-63999}"
    "$server" --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$data" --daemonize yes >/dev/null
    attempts=0
    until [ "$("$client" -p "$REDIS_PORT" ping 2>/dev/null)" = PONG ]; do
        attempts=$((attempts + 1))
        [ "$attempts" -lt 100 ] || fail 'the server does not start'
        sleep 1
    done
}

redis_stop() {
    "$client" -p "$REDIS_PORT" shutdown nosave >/dev/null 2>&1 || :
}

redis_seed() {
    number=0
    while [ "$number" -lt 500 ]; do
        number=$((number + 1))
        echo "RPUSH queue job-$number"
    done | "$client" -p "$REDIS_PORT" >/dev/null
}

redis_state() {
    "$client" -p "$REDIS_PORT" lrange queue 0 -1 | sha256sum
}

redis_restore() {
    redis_stop
    sleep 1
    "$here/restore-redis.sh" "$fetched" "$data"
    redis_start
}

# refuses_half: a dump of which the second half is missing must not be taken.
refuses_half() {
    half=$data/half
    mkdir "$half"
    cp -R "$fetched/." "$half/"
    for file in "$half"/*.dump "$half"/dump.rdb "$half"/dump.sql; do
        [ ! -f "$file" ] || { head -c "$(($(wc -c <"$file") / 2))" "$file" >"$file.half" && mv "$file.half" "$file"; }
    done
    case $kind in
    postgres) "$here/restore-postgres.sh" --replace "$half" >/dev/null 2>&1 && return 1 ;;
    mysql) "$here/restore-mysql.sh" "$half" >/dev/null 2>&1 && return 1 ;;
    redis) "$here/restore-redis.sh" "$half" "$half" >/dev/null 2>&1 && return 1 ;;
    esac
    return 0
}

case $kind in
postgres | mysql | redis) ;;
*) fail "$kind has no restore test" ;;
esac
trap '"${kind}_stop"; rm -rf "$data"' EXIT
"${kind}_start"
case $phase in
seed)
    "${kind}_seed"
    "${kind}_state" >"$expected"
    "$here/dump-$kind.sh"
    ;;
compare)
    refuses_half || fail 'half a dump was taken for a whole one'
    "${kind}_restore"
    "${kind}_state" >"$data/found"
    [ "$(cat "$expected")" = "$(cat "$data/found")" ] || fail 'what came back is not what was there'
    log "restored and equal after $(($(date +%s) - started)) seconds"
    ;;
*) fail "usage: restore-test.sh KIND seed|compare" ;;
esac
