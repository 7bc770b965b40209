// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Units: the counters of systemd units, from the accounts of cgroups and tasks. Pure: time and accounts are handed in.
#pragma once

#include "core/accounts.hpp"
#include "core/counters.hpp"
#include "core/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ktally {

// How long a unit is shown after its cgroup was removed.
inline constexpr std::chrono::microseconds unit_linger = std::chrono::seconds{30};

struct UnitAccount {
    std::string name;
    std::string cgroup; // path
    std::uint64_t cgroup_id;
    MonotonicTime since;               // when it was first seen
    std::optional<MonotonicTime> gone; // when it was first seen to be gone
    Totals totals;                     // of its cgroup and all below; absent_total for bytes and errors
};

class Units {
public:
    // By name.
    using Map = std::map<std::string, UnitAccount, std::less<>>;

    // What an update changed, by name. A unit that was stopped and started again is in both, removed first.
    struct Change {
        std::vector<std::string> removed;
        std::vector<std::string> added;
        std::vector<std::uint64_t> forgettable; // removed cgroups that nothing refers to any more
    };

    explicit Units(std::uint64_t root_cgroup, std::chrono::microseconds linger = unit_linger)
        : root_{root_cgroup}, linger_{linger}
    {
    }

    // Takes over what the accounts say now: see Accounts for the order in which to read them.
    Change update(MonotonicTime now, const std::vector<CgroupAccount> &cgroups, const std::vector<TaskAccount> &tasks);

    const Map &all() const { return units_; }

    // The unit that a cgroup, which may be gone, belongs to; "" if it is not below the root.
    std::string name_of_cgroup(std::uint64_t id) const;

private:
    // Where a cgroup is: kept as long as the accounts have it, for it never changes.
    struct Place {
        std::string path = {}; // empty if it is not below the root
        std::string unit = {};
        bool own = false;          // the unit's own cgroup, not one below
        bool shown = false;        // as that unit
        bool over = false;         // not to be shown any more
        std::size_t node = 0;      // in the update
        std::uint64_t updated = 0; // in which update
    };
    struct Node;

    std::vector<Node> tree(const std::vector<CgroupAccount> &cgroups);
    void find_places(std::vector<Node> &nodes, const std::vector<std::size_t> &leaves_first) const;
    void show(MonotonicTime now, const std::vector<Node> &nodes, Change &change);
    void linger(MonotonicTime now, const std::vector<Node> &nodes, Change &change);

    std::uint64_t root_;
    std::chrono::microseconds linger_;
    Map units_;
    std::unordered_map<std::uint64_t, Place> places_; // by cgroup
    std::uint64_t updates_ = 0;
};

} // namespace ktally
