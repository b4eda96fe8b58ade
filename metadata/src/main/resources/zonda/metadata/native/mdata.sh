# What the mdata tools share: one request to the metadata service by protocol V2. Read by them, not run.
# Everything used here is in /native, so that it works in any image.

busybox=/native/usr/bin/busybox
tool=${0##*/}

say() {
    printf '%s\n' "$*" >&2
}

encode() {
    $busybox base64 -w 0
}

# request CODE [PAYLOAD]: sets $code and $payload, both as they came. Ends the tool when there is no answer:
# 10, to be tried again, since the service is away while the global zone's daemon is restarted.
request() {
    socket=/native/.zonecontrol/metadata.sock
    [ -S $socket ] || socket=/.zonecontrol/metadata.sock
    [ -S $socket ] || {
        say "ERROR: could not connect to the metadata service: no socket"
        exit 10
    }
    body="$(printf %08x $$) $1${2:+ $2}"
    sum=$(printf %s "$body" | $busybox crc32)
    answer=$(
        printf 'NEGOTIATE V2\nV2 %d %s %s\n' ${#body} "$sum" "$body" |
            $busybox timeout 45 /native/usr/lib/zonda/nc -N -U $socket 2>/dev/null
    )
    case $answer in
    V2_OK*V2\ *) ;;
    *)
        say "ERROR: no answer from the metadata service"
        exit 10
        ;;
    esac
    set -f
    # V2 length checksum id CODE [payload]
    set -- ${answer#V2_OK}
    set +f
    code=$5
    payload=${6-}
    [ "$4" = "${body%% *}" ] || {
        say "ERROR: the metadata service answered another request"
        exit 2
    }
}

# The service said neither yes nor no such key.
fail() {
    say "ERROR: $(printf %s "$payload" | $busybox base64 -d)"
    exit 2
}

# Prints the payload, and ends its last line if it doesn't.
print_payload() {
    printf %s "$payload" | $busybox base64 -d
    last=$(printf %s "$payload" | $busybox base64 -d | $busybox tail -c 1; echo x)
    [ "$last" = "
x" ] || echo
}
