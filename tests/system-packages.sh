#!/bin/sh
# The tests use real programs. Install the missing ones where that is possible, else say what to install.
missing=""
need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}
lacking() {
    echo "the tests need:$missing; install with: sudo apt-get install$missing" >&2
    exit 1
}
need mosquitto mosquitto
need influxd influxdb
need strace strace
need nft nftables
need chromium chromium
[ -n "$(find /usr/share/fonts /usr/local/share/fonts -iname '*cjk*' 2>/dev/null | head -n 1)" ] || missing="$missing fonts-noto-cjk"
[ -n "$(find /usr/lib /usr/local/lib -name 'libpangoft2-1.0.so.0' 2>/dev/null | head -n 1)" ] || missing="$missing libpango-1.0-0 libpangoft2-1.0-0"
need pdftoppm poppler-utils
[ -n "$(find /usr/lib /usr/local/lib -name libfaketime.so.1 2>/dev/null | head -n 1)" ] || missing="$missing libfaketime"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    lacking
fi
echo "installing$missing ..."
$as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    lacking
