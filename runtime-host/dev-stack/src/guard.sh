# Runs one server and stops it when this script's standard input closes, that is when the program that started it
# ends in whatever way, `kill -9` included.
#
#   $1   seconds to wait after each signal before a harder one is sent
#   $2   folder to remove once the server is gone and the input closed, or empty
#   $3   signal that asks for a clean stop
#   $4   signal that asks for a quick stop
#   $5.. the server's command line
#
# It prints the server's process id, and later `exited STATUS`. It understands two words on its input: `gone` (the
# server's end was noticed: its process id may belong to someone else now) and `keep` (do not remove the folder).
wait_s=$1 remove=$2 clean=$3 quick=$4
shift 4

exec 3<&0
"$@" </dev/null >&2 3<&- &
server=$!

(
    exec >/dev/null
    while read -r word <&3; do
        case $word in
            gone) server= ;;
            keep) remove= ;;
        esac
    done
    if [ -n "$server" ]; then
        kill -s CONT "$server" 2>/dev/null
        for signal in "$clean" "$quick" KILL; do
            kill -s "$signal" "$server" 2>/dev/null || break
            waited=0
            while [ "$waited" -lt "$((wait_s * 10))" ] && kill -s 0 "$server" 2>/dev/null; do
                sleep 0.1
                waited=$((waited + 1))
            done
        done
    fi
    if [ -n "$remove" ]; then
        rm -rf -- "$remove"
        rmdir -- "${remove%/*}" 2>/dev/null
    fi
    exit 0
) &
reader=$!

echo "$server"
exec 3<&-

# A signal to this script interrupts a `wait` but must not end it: the server is still there.
trap : HUP INT TERM
wait "$server"
status=$?
while kill -s 0 "$server" 2>/dev/null; do
    wait "$server"
    status=$?
done
echo "exited $status"
wait "$reader"
