#!/bin/bash
# install.sh            install for good (as root): binary, settings, rules, user, service
# install.sh demo       build here and run with simulated sensors, in the foreground, leaving nothing behind
# install.sh test       build here and run all tests that a newcomer has the patience for
# install.sh uninstall  take it away again; --purge also what was recorded
#
# Safe to repeat. Needs Debian 13, or Debian 12 with a Swift >= 6.0; works offline from what is already there.
set -euo pipefail
top=$(cd "$(dirname "$0")" && pwd)
step="starting"
trap 'status=$?; [ $status = 0 ] || printf "\ninstall.sh: failed while %s.%s\n" "$step" "${remedy:+
  → $remedy}" >&2' EXIT
remedy=""

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
doing() { step=$1; remedy=${2:-}; say "• $1"; }
fail() { printf 'install.sh: %s\n' "$1" >&2; remedy=${2:-$remedy}; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "this step needs root: $*" "run it as root, or install sudo"; fi
}

# What the build makes belongs to whoever owns the checkout, also when root installs.
as_owner() {
    local owner; owner=$(stat -c %U "$top")
    if [ "$(id -u)" = 0 ] && [ "$owner" != root ] && [ "$owner" != UNKNOWN ]; then
        runuser -u "$owner" -- env PATH="$PATH" HOME="$(getent passwd "$owner" | cut -d: -f6)" "$@"
    else "$@"; fi
}

build_packages=(libsqlite3-dev libsodium-dev libyaml-dev zlib1g-dev libwebsockets-dev libssl-dev libqrencode-dev
    libudev-dev libbluetooth-dev pkg-config git ca-certificates)
peer_packages=(python3 python3-venv python3-pip socat)

packages() {
    local missing=()
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | cut -c2)" = i ] || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    doing "installing Debian packages: ${missing[*]}" "apt-get install ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update || say "  (the package lists could not be renewed; trying with what is there)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >&2
}

# Without its bundle nothing that is fetched can be trusted, and so nothing is fetched.
certificates() {
    [ ! -e /usr/sbin/update-ca-certificates ] || [ -s /etc/ssl/certs/ca-certificates.crt ] || {
        doing "making the bundle of certificates anew"
        as_root update-ca-certificates >&2
    }
}

is_six() { [ "$("$1" --version 2>/dev/null | grep -oE 'Swift version [0-9]+' | grep -oE '[0-9]+$' || echo 0)" -ge 6 ] 2>/dev/null; }

find_swift() {
    local candidate
    for candidate in "$(command -v swift || true)" /opt/swift/usr/bin/swift /usr/local/swift/usr/bin/swift \
        /usr/libexec/swift/bin/swift "$HOME/.local/share/swiftly/bin/swift" /usr/share/swift/usr/bin/swift; do
        if [ -n "$candidate" ] && [ -x "$candidate" ] && is_six "$candidate"; then swift=$candidate; return 0; fi
    done
    return 1
}

need_swift() {
    if ! find_swift; then
        if apt-cache policy swiftlang 2>/dev/null | grep -qE 'Candidate: 6'; then packages swiftlang
        else
            as_root apt-get -qq update || true
            apt-cache policy swiftlang 2>/dev/null | grep -qE 'Candidate: 6' && packages swiftlang
        fi
        find_swift || fail "no Swift 6.0 or later was found, and this distribution has none" \
            "unpack a toolchain from swift.org to /opt/swift (so that /opt/swift/usr/bin/swift exists), then run this again"
    fi
    PATH="$(dirname "$swift"):$PATH"
    # A static standard library of Debian's toolchain needs the C++ one it was built with.
    case $("$swift" --version 2>/dev/null) in
    *"Swift version 6.0"*) if [ -e /usr/libexec/swift ] && apt-cache show libstdc++-14-dev >/dev/null 2>&1; then packages libstdc++-14-dev; fi ;;
    esac
}

build() {
    doing "building ($1)" "look at the compiler's words above; ./install.sh can be run again at any time"
    as_owner "$swift" build --package-path "$top" -c "$1" "${@:2}" >&2
}

# The library that makes boxes find and reach each other. Without it everything else works.
transport() {
    step="fetching the transport library"; remedy=""
    if "$@" "$top/Config/fetch-iroh" "$folder" 2>/tmp/bothy-fetch.$$; then :; else
        say "  The transport library could not be fetched; peering stays off, everything else works."
        sed 's/^/  /' /tmp/bothy-fetch.$$ >&2 || true
        say "  → later: Config/fetch-iroh $folder"
    fi
    rm -f /tmp/bothy-fetch.$$
}

demo() {
    packages "${build_packages[@]}"
    need_swift
    build release --static-swift-stdlib --product bothy
    packages python3 python3-pip
    folder=$top/.build/iroh transport as_owner
    local binary state
    binary=$("$swift" build --package-path "$top" -c release --show-bin-path)/bothy
    state=$(mktemp -d "${TMPDIR:-/tmp}/bothy-demo.XXXXXX")
    trap 'rm -rf "$state"' EXIT
    mkdir -m 700 "$state/state" "$state/run"
    say ""
    say "The gateway records eight simulated sensors now. In a second terminal:"
    cat >&2 <<TEXT

    export BOTHY_SOCKET=$state/run/bothy.sock PATH=$(dirname "$binary"):\$PATH
    bothy status
    bothy sensor list
    bothy sensor tail anna-chest
    bothy page                     # a link to its page in a browser

  Ctrl-C here ends it and leaves nothing behind.

TEXT
    step="running"; remedy=""
    "$binary" run --config /dev/null --state "$state/state" --runtime "$state/run" \
        --scenario "$top/Config/scenarios/demo.yaml" --quiet
}

tests() {
    packages "${build_packages[@]}" "${peer_packages[@]}"
    certificates
    need_swift
    doing "making the Python peers that the tests talk to" "Tests/peers/setup shows what is wrong"
    as_owner "$top/Tests/peers/setup"
    build debug --build-tests
    doing "testing"
    as_owner "$swift" test --package-path "$top" --skip-build
}

install_all() {
    [ "$(id -u)" = 0 ] || fail "installing for good needs root" "sudo ./install.sh   (or try it first: ./install.sh demo)"
    refuse_overlay "${1:-}"
    packages "${build_packages[@]}"
    need_swift
    build release --static-swift-stdlib --product bothy
    build release --static-swift-stdlib --product bothy-radio
    local built; built=$(as_owner "$swift" build --package-path "$top" -c release --show-bin-path)
    doing "making the user bothy"
    getent group bothy >/dev/null || groupadd --system bothy
    getent passwd bothy >/dev/null || useradd --system --gid bothy --home-dir /var/lib/bothy --shell /usr/sbin/nologin bothy
    for group in dialout; do getent group $group >/dev/null && usermod -aG $group bothy; done
    doing "putting the files in place"
    install -D -m 755 "$built/bothy" /usr/bin/bothy.new && mv /usr/bin/bothy.new /usr/bin/bothy
    settings
    install -d -m 700 -o bothy -g bothy /var/lib/bothy
    install -D -m 755 "$built/bothy-radio" /usr/libexec/bothy/bothy-radio.new && mv /usr/libexec/bothy/bothy-radio.new /usr/libexec/bothy/bothy-radio
    install -D -m 644 -t /usr/lib/systemd/system "$top/Config/bothy.service" "$top/Config/bothy-radio.service"
    if ls "$top"/udev/*.rules >/dev/null 2>&1; then install -D -m 644 -t /usr/lib/udev/rules.d "$top"/udev/*.rules; fi
    /usr/bin/bothy completion bash | install -D -m 644 /dev/stdin /usr/share/bash-completion/completions/bothy
    /usr/bin/bothy completion zsh | install -D -m 644 /dev/stdin /usr/share/zsh/vendor-completions/_bothy
    /usr/bin/bothy completion fish | install -D -m 644 /dev/stdin /usr/share/fish/vendor_completions.d/bothy.fish
    /usr/bin/bothy man | gzip -9n | install -D -m 644 /dev/stdin /usr/share/man/man1/bothy.1.gz
    packages python3 python3-pip
    folder=/usr/lib/bothy transport env
    start_service
    say ""
    say "Installed. Next: bothy status, bothy doctor, bothy page"
    [ -z "${SUDO_USER:-}" ] || id -nG "$SUDO_USER" | grep -qw bothy || say "To use it without sudo: usermod -aG bothy $SUDO_USER, and log in again."
}

# A root that forgets everything at power-off would lose what is recorded, silently as far as anybody can see.
refuse_overlay() {
    case $(stat -f -c %T /var/lib 2>/dev/null) in
    overlayfs | tmpfs | ramfs)
        [ "$1" = --force ] || [ -n "${BOTHY_FORCE:-}" ] || fail "/var/lib is on a file system that forgets everything at power-off" \
            "switch off the overlay (raspi-config), or put a disk at /var/lib/bothy, or: ./install.sh install --force" ;;
    esac
}

# What the user changed stays; what is new or unchanged since the last install is renewed.
settings() {
    local file target
    [ -e /etc/bothy/bothy.yaml ] || install -D -m 644 "$top/Config/bothy.yaml" /etc/bothy/bothy.yaml
    for file in "$top"/Config/scenarios/*.yaml "$top"/Config/decoders/*.json; do
        [ -e "$file" ] || continue
        target=/etc/bothy/${file#"$top"/Config/}
        stamp=/var/lib/bothy-installed/${file#"$top"/Config/}
        if [ -e "$target" ] && [ -e "$stamp" ] && ! cmp -s "$target" "$stamp"; then
            say "  kept your $target; the new one is beside it as ${target##*/}.new"
            install -D -m 644 "$file" "$target.new"
        else install -D -m 644 "$file" "$target"; fi
        install -D -m 644 "$file" "$stamp"
    done
}

start_service() {
    if [ -d /run/systemd/system ]; then
        doing "starting the service" "journalctl -u bothy -n 50"
        systemctl daemon-reload
        udevadm control --reload 2>/dev/null || true
        systemctl enable --quiet bothy-radio bothy
        systemctl restart bothy-radio bothy
    else say "  There is no systemd here; start it yourself: bothy run"; fi
}

uninstall() {
    [ "$(id -u)" = 0 ] || fail "uninstalling needs root" "sudo ./install.sh uninstall"
    doing "taking it away"
    if [ -d /run/systemd/system ]; then systemctl disable --now --quiet bothy bothy-radio 2>/dev/null || true; fi
    rm -f /usr/bin/bothy /usr/lib/systemd/system/bothy.service /usr/lib/systemd/system/bothy-radio.service \
        /usr/libexec/bothy/bothy-radio /usr/share/man/man1/bothy.1.gz \
        /usr/share/bash-completion/completions/bothy /usr/share/zsh/vendor-completions/_bothy /usr/share/fish/vendor_completions.d/bothy.fish
    for file in "$top"/udev/*.rules; do [ ! -e "$file" ] || rm -f "/usr/lib/udev/rules.d/${file##*/}"; done
    rm -rf /usr/lib/bothy /var/lib/bothy-installed /run/bothy
    if [ "${1:-}" = --purge ]; then
        rm -rf /etc/bothy /var/lib/bothy
        userdel bothy 2>/dev/null || true
        groupdel bothy 2>/dev/null || true
        say "Gone, with everything that was recorded."
    else say "Gone. What was recorded is in /var/lib/bothy, the settings in /etc/bothy; --purge takes those too."; fi
}

case ${1:-install} in
demo) demo ;;
test) tests ;;
install) shift || true; install_all "$@" ;;
uninstall) shift; uninstall "$@" ;;
-h | --help | help) sed -n '2,7s/^# \{0,1\}//p' "$0" ;;
*) fail "'$1' is nothing it can do" "./install.sh [demo | test | install | uninstall [--purge]]" ;;
esac
