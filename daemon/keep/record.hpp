// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Record: a text that outlives the process, in memory behind a file descriptor. It is replaced as a whole: whenever the
// process is killed, the next one finds the old text or the new. Nothing of it is a system call, so that the daemon
// does not count its own.
#pragma once

#include "keep/fd.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ktally {

class Record {
public:
    static constexpr std::size_t longest = 4 << 20; // bytes of a text

    // Empty, in memory of its own. Throws std::system_error.
    Record();

    // Takes over what an earlier process wrote. Throws std::runtime_error with the reason if that is not a record, or
    // damaged.
    explicit Record(Fd fd);

    std::string text() const;
    void write(std::string_view text); // throws std::length_error

    // A time beside the text. 0 at first.
    std::uint64_t stamp() const;
    void stamp(std::uint64_t usec);

    int fd() const { return fd_.get(); }

    // What lies in the memory. The text that is valid is the one of `current`; the other is written meanwhile.
    struct Text {
        std::uint64_t size;
        std::uint64_t checksum;
        char bytes[longest];
    };
    struct Memory {
        std::uint64_t magic;
        std::uint64_t stamp;
        std::uint64_t current; // 0 or 1
        Text texts[2];
    };

private:
    struct Unmap {
        void operator()(Memory *memory) const;
    };

    Fd fd_;
    std::unique_ptr<Memory, Unmap> memory_;
};

} // namespace ktally
