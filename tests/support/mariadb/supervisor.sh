# Keeps a MariaDB server for as long as somebody holds the other end of standard input.
#
# Arguments: the folder to make, work in and remove in the end; `mariadbd`; the port.
# Standard input: the program that makes a data folder, then the password of the user `tenancy`. Its end, by whatever
# cause, ends the server.

folder=$1 program=$2 port=$3
exec 3<&0 </dev/null

# No settings of this machine, little room, and nothing that has to outlive the server.
server="--no-defaults --datadir=$folder/data --innodb-log-file-size=4M --innodb-buffer-pool-size=16M \
    --innodb-flush-method=nosync"

read -r install <&3 && read -r password <&3 &&
mkdir -m 700 "$folder" &&
printf '%s\n' "CREATE USER tenancy@'%' IDENTIFIED BY '$password';" "GRANT ALL ON *.* TO tenancy@'%';" \
    >"$folder/users.sql" &&
"$install" $server --auth-root-authentication-method=normal --skip-test-db >&2 && {
    "$program" $server --bind-address=127.0.0.1 --port="$port" --socket="$folder/socket" \
        --init-file="$folder/users.sql" --innodb-flush-log-at-trx-commit=0 --skip-name-resolve 3<&- &
    server=$!
    {
        read -r _ <&3
        kill -KILL "$server" # nobody wants the data
    } &
    listener=$!
    wait "$server"
    kill "$listener" 2>/dev/null # still there when the server ended by itself
    wait "$listener"
}

rm -rf "$folder"
