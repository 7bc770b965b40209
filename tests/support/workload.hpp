// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A workload of known size, and what it is worth in each counter. Plain system calls: nothing of the C library opens,
// reads or writes in between.
#pragma once

#include "core/counters.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace ktally::test {

struct Workload {
    static constexpr std::uint64_t block = 4096;

    std::uint64_t reads = 0;         // read, pread64, readv, preadv, preadv2 in turn, a block each
    std::uint64_t writes = 0;        // likewise
    std::uint64_t opens = 0;         // an existing file, opened and closed
    std::uint64_t creates = 0;       // a new file, opened, closed and unlinked
    std::uint64_t fsyncs = 0;        // fsync and fdatasync in turn
    std::uint64_t forks = 0;         // a child that exits at once, reaped
    std::uint64_t threads = 0;       // a thread that ends at once, joined
    std::uint64_t execs = 0;         // a child that executes `program`, reaped
    std::uint64_t enoent_opens = 0;  // opens that fail with ENOENT
    std::uint64_t enotdir_opens = 0; // opens that fail with ENOTDIR
    std::uint64_t ebadf_closes = 0;  // closes that fail with EBADF

    // Does it, with one scratch file in `directory`, which is left as it was. Throws std::system_error if a call did
    // not do what it was meant to.
    void run(const std::string &directory, const char *program) const;

    // By how much run() moves each counter, with the return program on.
    std::map<Counter, std::uint64_t> worth() const;
};

} // namespace ktally::test
