#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# namespaces.sh FOLDER ROOT: the first process in namespaces of its own makes ROOT with FOLDER/payload its root, and
# becomes that machine's PID 1. Standard input is the machine's console, FOLDER/output and FOLDER/verdict the ports.
set -eu
folder=$1 root=$2
top=$folder/top

mount -t tmpfs -o mode=755 top "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=$folder/payload:$root,upperdir=$top/upper,workdir=$top/work" root "$top/root"
cd "$top/root"

# The kernel's settings and devices are not this machine's: systemd leaves them alone where it cannot write.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t bpf -o mode=700 bpf sys/fs/bpf

mount -t tmpfs -o mode=755 dev dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
while read -r name minor; do
    mknod -m 666 "dev/$name" c 1 "$minor"
done <<END
null 3
zero 5
full 7
random 8
urandom 9
END
mknod -m 666 dev/tty c 5 0
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
touch dev/console dev/ttyS1 dev/ttyS2
mount --bind "$(readlink /proc/self/fd/0)" dev/console
mount --bind "$folder/output" dev/ttyS1
mount --bind "$folder/verdict" dev/ttyS2

mkdir .old
pivot_root . .old
umount -l /.old
exec env -i container=ktally PATH=/usr/sbin:/usr/bin TERM=dumb /usr/lib/ktally-tests/start
