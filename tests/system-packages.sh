#!/bin/sh
# The tests use real programs and libraries of the system. Install the missing ones where that is possible, else say what
# to install. The names are those of Debian 12 and 13.
missing=""
need() { # need PACKAGE CONDITION...: the package is missing when the condition does not hold
    package=$1
    shift
    "$@" || missing="$missing $package"
}
program() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] # which is not on the PATH of an ordinary user
}
postgresql() {
    program initdb || [ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ]
}
library() {
    [ -n "$(find /usr/lib /usr/local/lib -name "$1" 2>/dev/null | head -n 1)" ]
}
font() {
    [ -n "$(find /usr/share/fonts /usr/local/share/fonts -iname "$1" 2>/dev/null | head -n 1)" ]
}
browser() {
    program chromium-headless-shell || program chromium || program chromium-browser || program google-chrome
}
lacking() {
    echo "the tests need:$missing; install with: sudo apt-get install$missing" >&2
    exit 1
}

# The MQTT broker between edge agent and collector; the demo takes it, too, when it is there.
need mosquitto program mosquitto
# InfluxDB 1.x, the archive: every query of a panel is asked of it.
need influxdb program influxd
# A real OpenID provider: people sign in there with a browser. The tests start it on loopback with a database of theirs.
need "glewlwyd dbconfig-no-thanks" program glewlwyd
# It makes certificates of an authority of the test's own.
need openssl program openssl
# The browser that opens the wall and the pages (a whole chromium does, too, but takes longer), and what the node inside
# playwright, which steers it, is linked with.
need chromium-headless-shell browser
need libatomic1 library libatomic.so.1
# Japanese in pages, pictures and PDF.
need fonts-noto-cjk font '*cjk*'
# weasyprint: Pango lays out a PDF, HarfBuzz puts into it the glyphs that are used.
need libpango-1.0-0 library libpango-1.0.so.0
need libpangoft2-1.0-0 library libpangoft2-1.0.so.0
need libharfbuzz-subset0 library libharfbuzz-subset.so.0
# pdftotext, pdffonts and pdftoppm read the PDF back.
need poppler-utils program pdftoppm
# Faults: I/O errors at the n-th call, and what a power cut leaves of the recorded writes.
need strace program strace
# Readings in PostgreSQL: the tests start it on a socket of their own.
need postgresql postgresql
# systemd-analyze judges the units; nothing is started with it.
need systemd program systemd-analyze
# Faults: the clock of one process steps.
need libfaketime library libfaketime.so.1
# Faults: the kernel drops packets between network namespaces (as root; others do without).
need iproute2 program ip
need nftables program nft
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    lacking
fi
echo "installing$missing ..."
case $missing in
*glewlwyd*) # its own service would listen on every address, with the password that it comes with
    if command -v systemctl >/dev/null 2>&1; then $as_root systemctl mask glewlwyd.service >/dev/null 2>&1; fi
    # What is to be set up by itself wants a PostgreSQL server, and fails where there is none.
    echo 'glewlwyd glewlwyd/config_type select No configuration' | $as_root debconf-set-selections
    ;;
esac
$as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    lacking
