// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Unit names: which systemd unit a cgroup belongs to, by its path alone, as systemd itself decides it
// (cg_path_get_unit(), https://systemd.io/CONTROL_GROUP_INTERFACE).
#pragma once

#include <string>
#include <string_view>

namespace ktally {

struct UnitName {
    std::string name;        // "cron.service"; of a user's manager "user@1000.service/pipewire.service"
    std::string_view cgroup; // of the unit itself: a prefix of the path it was made from, "/" for "-.slice"
};

// The unit that owns the cgroup of that path, which begins with '/'. What is below a service or scope belongs to it,
// whatever it is called; what is in no unit belongs to the slice above, at last to "-.slice".
UnitName unit_of_cgroup(std::string_view path);

// As the last element of an object path, see sd_bus_path_encode(3).
std::string escape_for_object_path(std::string_view name);

} // namespace ktally
