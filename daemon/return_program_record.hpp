// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the next instance of the daemon must know to go on with the switch of the return program and its holds, as the
// text of a record.
#pragma once

#include "core/return_program.hpp"

#include <string>
#include <string_view>

namespace ktally {

struct ReturnProgramRecord {
    std::string bus; // its id: a hold is worth something on the bus of its owner only
    bool configured; // ReturnProgram= of the configuration
    ReturnProgram::State state;

    std::string text() const;

    // Throws std::runtime_error with the reason if that is not what text() returns.
    static ReturnProgramRecord from(std::string_view text);
};

} // namespace ktally
