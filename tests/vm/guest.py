# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's root: an initramfs of files and of the shared libraries that they need.

usage: guest.py IMAGE /PATH/IN/THE/GUEST=FILE...
"""

import os
import pathlib
import re
import subprocess
import sys

FOLDERS = ("dev", "proc", "sys", "tmp", "run")
TEXTS = {
    "etc/passwd": "root:x:0:0::/:/bin/false\nktally:x:990:990::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\n",
}


def libraries(program):
    """What the dynamic linker loads for a program; nothing for a static one."""
    listed = subprocess.run(["ldd", program], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return re.findall(r"(/\S+) \(0x", listed)


def pack(files, image):
    """Packs {path in the guest: path here} and the libraries of each as an initramfs."""
    everything = {}
    for target, source in files.items():
        everything[target] = pathlib.Path(source)
        for library in libraries(source):
            everything[library] = pathlib.Path(library)
    with open(image, "wb") as out:
        writer = Newc(out)
        for folder in FOLDERS:
            writer.folder(folder)
        for target, text in TEXTS.items():
            writer.file(target, text.encode())
        for target, source in sorted(everything.items()):
            writer.file(target.lstrip("/"), source.read_bytes(), os.access(source, os.X_OK))
        writer.close()


class Newc:
    """Writes the format of Documentation/driver-api/early-userspace/buffer-format.rst."""

    def __init__(self, out):
        self.out = out
        self.inode = 0
        self.folders = set()

    def entry(self, name, mode, content=b""):
        self.inode += 1
        name = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        for part in (header, content):
            self.out.write(part + b"\0" * (-len(part) % 4))

    def folder(self, name):
        if name in self.folders:
            return
        self.folders.add(name)
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self.entry(name, 0o040755)

    def file(self, name, content, executable=False):
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self.entry(name, 0o100755 if executable else 0o100644, content)

    def close(self):
        self.entry("TRAILER!!!", 0)


if __name__ == "__main__":
    pack(dict(argument.split("=", 1) for argument in sys.argv[2:]), sys.argv[1])
