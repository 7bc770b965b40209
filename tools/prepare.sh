# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What tools/run, tools/check and tools/bench have in common: is this a machine to run on, install what is missing, build.
# Sourced by them; each step says in one sentence why it cannot go on.

top=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
build=$top/build

# To build, and to run and look at it.
packages=(
    bpftool clang dbus-daemon g++ libbpf-dev libcli11-dev libfmt-dev libinih-dev 'libsdbus-c++-bin' 'libsdbus-c++-dev'
    libsystemd-dev meson nlohmann-json3-dev pkgconf systemd
)
# To test.
test_packages=(
    dbus-bin e2fsprogs gcc-multilib libcap2-bin libclang-rt-dev libgmock-dev libgtest-dev libxml2-utils mandoc mmdebstrap
    procps qemu-system-x86 util-linux
)

die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

has_capability() { # NUMBER
    local effective
    effective=$(sed -n 's/^CapEff:\t//p' /proc/self/status)
    (((0x$effective >> $1) & 1))
}

check_machine() {
    [[ $(uname -sm) == 'Linux x86_64' ]] || die 'ktally counts on Linux on x86-64, and this is not such a machine.'
    ((EUID == 0)) || die 'This needs root, to load BPF programs and to install packages; try again with sudo.'
    [[ -r /sys/kernel/btf/vmlinux ]] ||
        die 'This kernel does not describe its types in /sys/kernel/btf/vmlinux; it needs CONFIG_DEBUG_INFO_BTF=y.'
    has_capability 39 && has_capability 38 || has_capability 21 ||
        die 'This root has no CAP_BPF and CAP_PERFMON; give them to the container, or leave it.'
}

# Installs those of the packages named that are not there.
install_packages() {
    local missing=() package log
    for package; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    printf 'Installing %s\n' "${missing[*]}"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "apt-get could not install: ${missing[*]}"
    fi
    rm -f "$log"
}

prepare() { # PACKAGE...
    check_machine
    command -v apt-get dpkg-query >/dev/null ||
        die "No package manager known to this script (apt-get) is here; install what README.md names under Building, then use meson."
    install_packages "$@"
}

# Builds the targets named (all: none), with the tests or without.
build() { # true|false TARGET...
    local tests=$1 log
    shift
    log=$(mktemp)
    printf 'Building\n'
    if [[ ! -f $build/build.ninja ]]; then
        meson setup "$build" "$top" --prefix=/usr "-Dtests=$tests" >"$log" 2>&1
    elif [[ $tests == true ]]; then
        meson configure "$build" -Dtests=true >"$log" 2>&1
    fi && ninja -C "$build" "$@" >>"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        rm -f "$log"
        die 'The build failed; its last lines are above.'
    }
    rm -f "$log"
}
