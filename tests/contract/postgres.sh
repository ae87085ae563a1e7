#!/bin/sh
# A PostgreSQL of its own for a test: `postgres.sh start FOLDER` prints the conninfo, `postgres.sh stop FOLDER` ends it. Exit 77: none here.
set -eu
folder=$2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -n "$bin" ] && [ -x "$bin/initdb" ] || exit 77
as=""
if [ "$(id -u)" -eq 0 ]; then # the server refuses to be root
  id postgres >/dev/null 2>&1 || exit 77
  as="runuser -u postgres --"
fi
case $1 in
start)
  mkdir -p "$folder/pg"; chmod 711 "$folder"
  [ -n "$as" ] && chown postgres "$folder/pg"
  $as "$bin/initdb" -D "$folder/pg/data" -A trust -U entente --no-sync >/dev/null 2>&1 || exit 77
  $as "$bin/pg_ctl" -D "$folder/pg/data" -w -l "$folder/pg/log" -o "-c listen_addresses='' -c unix_socket_directories='$folder/pg'" start >/dev/null 2>&1 || exit 77
  echo "host=$folder/pg user=entente dbname=postgres"
  ;;
stop) $as "$bin/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1 || true ;;
esac
