// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the output goes: a terminal with its size and colours, a pager, or neither.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>

namespace ktally {

bool on_terminal();

// Nothing if there is no terminal, or it doesn't say.
std::optional<std::size_t> terminal_height();
std::optional<std::size_t> terminal_width();

// On a terminal that knows colours, unless NO_COLOR is set.
bool use_colour();

// Whether the locale has more than ASCII.
bool use_unicode();

// While it lives, standard output goes to the user's pager: $SYSTEMD_PAGER, $PAGER, less. Not if `wanted` is false,
// the output is no terminal, or no pager can be run.
class Pager {
public:
    explicit Pager(bool wanted);
    Pager(const Pager &) = delete;
    Pager &operator=(const Pager &) = delete;
    ~Pager();

private:
    pid_t pid_ = -1;
    int terminal_ = -1;
};

} // namespace ktally
