# Keeps a Postgres server for as long as somebody holds the other end of standard input.
#
# Arguments: the folder to make, work in and remove in the end; Postgres's binaries; the port.
# Standard input: the superuser's password, then a line for every restart. Its end, by whatever
# cause, ends the server.

folder=$1 bin=$2 port=$3
exec 3<&0 </dev/null

read -r password <&3 &&
mkdir -m 700 "$folder" &&
printf '%s\n' "$password" >"$folder/password" &&
"$bin/initdb" --pgdata="$folder/data" --username=postgres --pwfile="$folder/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync &&
while
    # Without autovacuum, so that plans do not depend on when it came by.
    # Without `fsync`, but with `synchronous_commit`, which a restart needs to keep all commits.
    "$bin/postgres" -D "$folder/data" -p "$port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c logging_collector=off \
        -c max_connections=200 -c autovacuum=off -c fsync=off -c full_page_writes=off 3<&- &
    server=$!
    {
        read -r _
        again=$?
        trap '' TERM # from here on the exit status counts, so outlive the `kill` below
        kill -TERM "$server" # the shell started it deaf to QUIT, should it not have got far yet
        kill -QUIT "$server" # immediate shutdown: nobody wants the data
        exit "$again"
    } <&3 &
    listener=$!
    wait "$server"
    kill "$listener" 2>/dev/null # still there when the server died by itself
    wait "$listener"
do :; done

rm -rf "$folder"
