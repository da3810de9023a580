# Keeps a PgBouncer for as long as somebody holds the other end of standard input.
#
# Arguments: the folder to make, work in and remove in the end; the program; the port.
# Standard input: a line of PgBouncer's `auth_file`, then what its configuration says beside the port, up to an
# empty line. Its end, by whatever cause, ends PgBouncer.

folder=$1 program=$2 port=$3
exec 3<&0 </dev/null

if mkdir -m 700 "$folder" && read -r user <&3; then
    printf '%s\n' "$user" >"$folder/users"
    while read -r line <&3 && [ -n "$line" ]; do
        printf '%s\n' "$line"
    done >"$folder/pgbouncer.ini"
    printf '%s\n' "listen_port = $port" "auth_file = $folder/users" "pidfile = $folder/pid" >>"$folder/pgbouncer.ini"
    "$program" "$folder/pgbouncer.ini" 3<&- &
    pooler=$!
    {
        read -r _ <&3
        kill -KILL "$pooler" # the other signals wait for clients, each in some versions
    } &
    listener=$!
    wait "$pooler"
    kill "$listener" 2>/dev/null # still there when PgBouncer ended by itself
    wait "$listener"
fi

rm -rf "$folder"
