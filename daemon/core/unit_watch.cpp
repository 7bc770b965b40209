// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/unit_watch.hpp"

#include <algorithm>

namespace ktally {

UnitWatch::UnitWatch(Accounts &accounts, std::chrono::microseconds linger)
    : accounts_{accounts}, linger_{linger}, units_{accounts.root_cgroup(), linger}
{
}

bool UnitWatch::available() const
{
    return accounts_.root_cgroup() != 0 && accounts_.mechanism().state != ProbeState::absent;
}

void UnitWatch::read(MonotonicTime now)
{
    if (!available())
        return;
    const std::uint64_t changes = accounts_.cgroup_changes(); // first: what changes from here on is for the next time
    const std::vector<CgroupAccount> cgroups = accounts_.cgroups();
    const Units::Change change = units_.update(now, cgroups, accounts_.tasks());
    changes_ = changes;
    next_gone_.reset();
    for (const auto &[name, unit] : units_.all())
        if (unit.gone)
            next_gone_ = std::min(next_gone_.value_or(MonotonicTime::max()), *unit.gone + linger_);
    for (const std::uint64_t id : change.forgettable)
        accounts_.forget_cgroup(id);
    if (tell_ && !(change.removed.empty() && change.added.empty()))
        tell_(change);
}

bool UnitWatch::due(MonotonicTime now) const
{
    return available() && (changes_ != accounts_.cgroup_changes() || (next_gone_ && *next_gone_ <= now));
}

} // namespace ktally
