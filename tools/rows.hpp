// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ktallyd's properties and methods say, as plain structures, and how these are made from what the bus brings.
#pragma once

#include "quantity.hpp"
#include "sdbus.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

using Properties = std::map<dbus::PropertyName, sdbus::Variant>;

// A property's value; nothing if an older daemon doesn't have it.
template <typename T> std::optional<T> value(const Properties &properties, const char *name)
{
    const auto found = properties.find(dbus::PropertyName{name});
    if (found == properties.end() || !found->second.containsValueOfType<T>())
        return std::nullopt;
    return found->second.get<T>();
}

// A row of Manager.Probes.
struct ProbeRow {
    std::string counter; // "Files.Opened"
    std::string source;
    std::string state;
    std::string reason;
};

// A row of GetErrors.
struct ErrorRow {
    std::string interface; // "Files"
    std::string operation;
    std::int32_t error;
    std::string name;
    std::uint64_t count;
};

// A value of Manager.ReturnProgramHolds.
struct Hold {
    std::uint32_t cookie;
    std::string owner;
    std::uint32_t uid;
    std::string reason;
    std::uint64_t since_monotonic_usec;
};

struct ReturnProgramState {
    bool enabled; // the switch
    bool active;
    std::vector<Hold> holds;
};

// An object below /org/ktally1/unit.
struct UnitRow {
    std::string name;
    std::string control_group;
    std::uint64_t since_monotonic_usec;
    std::map<std::string, std::uint64_t> numbers; // by full name: "Vfs.Reads"

    // Nothing if the daemon does not tell.
    std::optional<std::uint64_t> number(const Quantity &quantity) const;
};

// A row of ListTopProcesses. What is only in its details an older daemon may not tell.
struct ProcessRow {
    std::uint32_t pid;
    std::string command;
    std::string unit;
    std::uint64_t count;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> parent_pid;
    std::optional<std::uint32_t> descriptors;
    std::optional<std::uint64_t> descriptor_limit;
};

// A row of ListZombies.
struct ZombieRow {
    std::uint32_t pid;
    std::uint32_t parent_pid;
    std::string command;
    std::string parent_command;
    std::string unit;
    std::int32_t wait_status;
    std::uint64_t since_monotonic_usec;
};

// From the properties of Manager.
std::vector<ProbeRow> probes(const Properties &manager);
ReturnProgramState return_program(const Properties &manager);

// Why no calls are counted by unit and process; nothing if they are.
std::optional<std::string> accounting_absent(const Properties &manager);

// Takes what one interface ("org.ktally1.Vfs") of a unit's object has.
void take(UnitRow &unit, std::string_view interface, const Properties &properties);

using TopRow =
    sdbus::Struct<std::uint32_t, std::string, std::string, std::uint64_t, std::map<std::string, sdbus::Variant>>;
ProcessRow process_row(const TopRow &row);

} // namespace ktally
