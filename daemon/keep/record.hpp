// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Record: a text that outlives the process, in memory behind a file descriptor. It is replaced as a whole: whenever the
// process is killed, the next one finds the old text or the new.
#pragma once

#include "keep/fd.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ktally {

class Record {
public:
    // Empty, in memory of its own. Throws std::system_error.
    Record();

    // Takes over what an earlier process wrote. Throws std::runtime_error with the reason if that is not a record, or
    // damaged.
    explicit Record(Fd fd);

    const std::string &text() const { return text_; }
    void write(std::string_view text); // throws std::system_error

    // A time beside the text, for what changes too often to be written: setting it is no system call. 0 at first.
    std::uint64_t stamp() const { return *stamp_; }
    void stamp(std::uint64_t usec) { *stamp_ = usec; }

    int fd() const { return fd_.get(); }

private:
    // What the file begins with, written by one system call. Behind it is the stamp, and then the text.
    struct Header {
        std::uint64_t magic;
        std::uint64_t offset;
        std::uint64_t size;
        std::uint64_t checksum;
    };

    struct Unmap {
        void operator()(volatile std::uint64_t *stamp) const;
    };
    void map_stamp();

    Fd fd_;
    Header header_;
    std::unique_ptr<volatile std::uint64_t, Unmap> stamp_;
    std::string text_;
};

} // namespace ktally
