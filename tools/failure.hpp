// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How ktallyctl fails: an exit status and one line for standard error, which main writes; and what errors of the bus
// mean to a user.
#pragma once

#include "sdbus.hpp"

#include <stdexcept>
#include <string>

namespace ktally {

enum class Exit : int {
    ok = 0,
    failure = 1,
    usage = 2,
    not_running = 3,
};

class Failure : public std::runtime_error {
public:
    Failure(Exit status, const std::string &message) : std::runtime_error{message}, status_{status} {}
    Exit status() const { return status_; }

private:
    Exit status_;
};

// What an error of a call means: one line, and whether the daemon is there at all.
Failure failure_of(const sdbus::Error &error);

} // namespace ktally
