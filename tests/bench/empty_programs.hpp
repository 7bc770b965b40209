// SPDX-License-Identifier: LGPL-2.1-or-later
//
// EmptyPrograms: BPF programs that do nothing, attached where the daemon's are. What they cost is the limit: no program
// that counts can cost less.
#pragma once

#include "kernel/btf.hpp"
#include "keep/fd.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ktally::test {

class EmptyPrograms {
public:
    // One for each hook of a source as in Manager.Probes: "fentry:vfs_read+vfs_readv". Throws std::system_error if the
    // kernel refuses one. They are detached when this is destroyed.
    void attach(std::string_view source);

private:
    void attach(const std::string &kind, const std::string &target);

    KernelBtf btf_;
    std::vector<Fd> attached_; // programs and links
};

} // namespace ktally::test
