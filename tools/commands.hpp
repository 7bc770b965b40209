// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The commands of ktallyctl, each in the file of its name. Each checks its arguments before it connects, and throws a
// Failure or an sdbus::Error; what it returns is the exit status otherwise.
#pragma once

#include "failure.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ktally {

enum class JsonMode { off, brief, pretty };

struct Output {
    JsonMode json = JsonMode::off;
    bool legend = true;
    bool pager = true;
};

struct ShowRequest {
    std::vector<std::string> interfaces; // none: all
    std::vector<std::string> properties; // none: all
    bool values_only = false;
    bool list = false;
};

struct MonitorRequest {
    std::uint64_t count = 0;                           // 0: without end
    std::optional<std::chrono::microseconds> interval; // nothing: the daemon's
};

enum class Switch { on, off, status };

struct HoldRequest {
    std::string reason; // empty: the command
    std::vector<std::string> command;
};

struct UnitsRequest {
    std::string sort = "name"; // or a quantity of units
};

struct DescriptorsRequest {
    std::uint32_t count = 10; // 0: all
    bool own = false;
};

struct ProcessesRequest {
    std::string sort = "Vfs.Reads"; // a quantity of processes
    std::uint32_t count = 10;       // 0: all
    std::optional<std::chrono::microseconds> interval;
    bool own = false;
};

int show_status(const Output &output);
int show_properties(const ShowRequest &request, const Output &output);
int monitor(const MonitorRequest &request, const Output &output);
int show_probes(const Output &output);
int show_errors(const Output &output);
int show_units(const UnitsRequest &request, const Output &output);
int show_unit(const std::vector<std::string> &names, const Output &output);
int show_processes(const ProcessesRequest &request, const Output &output);
int show_zombies(const Output &output);
int show_descriptors(const DescriptorsRequest &request, const Output &output);
int switch_return_program(Switch state, const Output &output);
int hold_return_program(const HoldRequest &request);
int show_version(const Output &output);

} // namespace ktally
