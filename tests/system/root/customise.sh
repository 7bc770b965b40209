#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# customise.sh ROOT: makes a machine for tests of a tree of Debian's packages.
set -eu
root=$1
recipe=$(dirname "$(readlink -f "$0")")
units=$root/etc/systemd/system

mask() { # UNIT...
    for unit; do
        ln -sf /dev/null "$units/$unit"
    done
}

install -D -m 755 -t "$root/usr/lib/ktally-tests" "$recipe/start" "$recipe/run"
install -m 644 -t "$units" "$recipe/ktally-tests.service"
mkdir -p "$units/multi-user.target.wants"
ln -s ../ktally-tests.service "$units/multi-user.target.wants/"
ln -sf /lib/systemd/system/multi-user.target "$units/default.target"

# Without one, systemd takes it for a first boot and enables all services.
echo 6b74616c6c796b74616c6c796b74616c >"$root/etc/machine-id"
echo ktally >"$root/etc/hostname"
echo LANG=C.UTF-8 >"$root/etc/default/locale"
echo '127.0.0.1 localhost ktally' >"$root/etc/hosts"
: >"$root/etc/fstab"
for user in alice:1000 bob:1001 carol:1002; do
    chroot "$root" useradd --create-home --shell /bin/bash --uid "${user#*:}" "${user%:*}"
done

# A journal is fsynced when it is rotated, and the restart tests count every fsync.
mkdir -p "$root/etc/systemd/journald.conf.d"
cat >"$root/etc/systemd/journald.conf.d/tests.conf" <<'EOF'
[Journal]
Storage=volatile
RuntimeMaxUse=1G
RuntimeMaxFileSize=512M
RateLimitIntervalSec=0
Audit=no
EOF

# What these machines do not need takes seconds of an emulated CPU.
mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    getty.target systemd-tmpfiles-clean.timer systemd-udev-settle.service
