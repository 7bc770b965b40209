#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs into an empty tree and has each file judged by the program it is for. TAP on stdout.
# usage: installed_files_test.sh BUILD_DIRECTORY
set -u
build=$1
source=$(dirname "$(readlink -f "$0")")/../..
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
number=0

check() { # NAME COMMAND...
    local name=$1 output
    shift
    number=$((number + 1))
    if output=$("$@" 2>&1); then
        printf 'ok %d %s\n' "$number" "$name"
    else
        printf 'not ok %d %s\n' "$number" "$name"
        printf '%s\n' "$output" | sed 's/^/# /'
    fi
}

silent() { # COMMAND...: succeeds and prints nothing
    local output
    output=$("$@" 2>&1) && [[ -z $output ]] || { printf '%s\n' "$output" && return 1; }
}

installed() {
    local file missing=0
    for file in \
        etc/ktally/ktallyd.conf \
        usr/bin/ktallyctl \
        usr/lib/systemd/system/ktallyd.service \
        usr/lib/systemd/catalog/ktally.catalog \
        usr/lib/sysusers.d/ktally.conf \
        usr/libexec/ktallyd \
        usr/share/bash-completion/completions/ktallyctl \
        usr/share/dbus-1/interfaces/org.ktally1.{Files,Manager,Processes,Unit,Vfs}.xml \
        usr/share/dbus-1/system-services/org.ktally1.service \
        usr/share/dbus-1/system.d/org.ktally1.conf \
        usr/share/man/man1/ktallyctl.1 \
        usr/share/man/man5/{ktallyd.conf,org.ktally1}.5 \
        usr/share/man/man8/ktallyd.8 \
        usr/share/polkit-1/actions/org.ktally1.policy \
        usr/share/zsh/site-functions/_ktallyctl; do
        [[ -f $tree/$file ]] || { printf 'missing: %s\n' "$file" && missing=1; }
    done
    return "$missing"
}

# systemd-analyze looks at the unit within a tree that also has what it refers to.
unit_verified() {
    cp -a /usr/lib/systemd/system/. "$tree/usr/lib/systemd/system/" 2>/dev/null
    mkdir -p "$tree/usr/bin" && cp /bin/kill "$tree/usr/bin/kill" && cp "$tree/usr/bin/kill" "$tree/usr/bin/false"
    ln -sfn usr/lib "$tree/lib" && ln -sfn usr/bin "$tree/bin"
    systemd-analyze verify --man=no --recursive-errors=no --root="$tree" ktallyd.service
}

bus_accepts_policy() {
    local config=$tree/bus.conf pid
    printf '<busconfig><listen>unix:path=%s/bus</listen><include>%s</include></busconfig>\n' "$tree" \
        "$tree/usr/share/dbus-1/system.d/org.ktally1.conf" >"$config"
    pid=$(dbus-daemon --fork --nopidfile --print-pid --config-file="$config") && kill "$pid"
}

creates_user() {
    mkdir -p "$tree/etc" && systemd-sysusers --root="$tree" "$tree/usr/lib/sysusers.d/ktally.conf" &&
        grep -q '^ktally:' "$tree/etc/passwd"
}

# journalctl knows every message that the daemon has an id for, and no other.
catalog_explains_messages() {
    local catalog=$tree/usr/lib/systemd/catalog/ktally.catalog
    mkdir -p "$tree/var/lib/systemd/catalog" && journalctl --root="$tree" --update-catalog && diff \
        <(sed -n 's/.*"\([0-9a-f]\{32\}\)".*/\1/p' "$source/daemon/message.hpp" | sort) \
        <(journalctl --root="$tree" --list-catalog | cut -d' ' -f1 | sort) &&
        [[ $(grep -c '^Subject: ' "$catalog") == $(grep -c '^-- ' "$catalog") ]]
}

# The exposure that the README tells.
exposure_is_low() {
    local exposure
    exposure=$(systemd-analyze security --offline=true --no-pager "$tree/usr/lib/systemd/system/ktallyd.service" |
        sed -n 's/.*Overall exposure level for ktallyd.service: \([0-9.]*\) .*/\1/p')
    printf 'exposure %s\n' "$exposure"
    [[ $exposure == 0.* || $exposure == 1.0 ]]
}

echo 1..13
check 'meson install puts each file in its place' sh -c "DESTDIR='$tree' meson install -C '$build' --no-rebuild --quiet"
check 'nothing is missing' installed
check 'the default configuration is accepted' "$build/daemon/ktallyd" --check-config --config "$tree/etc/ktally/ktallyd.conf"
check 'interfaces are valid XML' xmllint --noout --nonet "$tree"/usr/share/dbus-1/interfaces/org.ktally1.*.xml
check 'the bus policy is valid XML' xmllint --noout --nonet "$tree/usr/share/dbus-1/system.d/org.ktally1.conf"
check 'the polkit actions are valid XML' xmllint --noout --nonet "$tree/usr/share/polkit-1/actions/org.ktally1.policy"
check 'dbus-daemon accepts the policy' bus_accepts_policy
check 'sysusers creates the user' creates_user
check 'systemd accepts the unit' silent unit_verified
check 'the exposure is at most 1.0' exposure_is_low
check 'the catalog explains all messages' catalog_explains_messages
check 'man pages are clean' silent mandoc -Tlint -W warning "$tree"/usr/share/man/man*/*
check 'completions are valid bash' bash -n "$tree/usr/share/bash-completion/completions/ktallyctl"
