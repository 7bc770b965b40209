// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reads ktallyd.conf and its drop-ins, in the order of ktallyd.conf(5).
#pragma once

#include "core/config.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace ktally {

struct Warning {
    std::filesystem::path file;
    int line; // 0: the file as a whole
    std::string message;
};

struct LoadedConfig {
    Config config;
    std::vector<std::filesystem::path> files; // read, in order
    std::vector<Warning> warnings;
};

// The configuration in the usual places. A file that is wrong is a warning, and what it does not say stays at its
// default.
LoadedConfig load_config();

// The same from FILE and the drop-ins in FILE.d. Throws std::system_error if FILE itself cannot be read.
LoadedConfig load_config(const std::filesystem::path &file);

} // namespace ktally
