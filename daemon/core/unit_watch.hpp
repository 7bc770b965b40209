// SPDX-License-Identifier: LGPL-2.1-or-later
//
// UnitWatch: has the units of the machine, reads the accounts for them when it is told to, and tells what came and
// went. Knows when that may be, so that nothing is read for units that nobody asks about.
#pragma once

#include "core/units.hpp"

#include <functional>

namespace ktally {

class UnitWatch {
public:
    // Called in read(), when units() has what was added and no longer what was removed.
    using Tell = std::function<void(const Units::Change &)>;

    // The accounts must outlive this. Reads nothing yet.
    explicit UnitWatch(Accounts &accounts, std::chrono::microseconds linger = unit_linger);

    // Whom to tell, one at most.
    void tell(Tell tell) { tell_ = std::move(tell); }

    // Whether there can be units: calls are accounted for, and there are cgroups to account them to.
    bool available() const;

    // Reads the accounts, which brings the counters of units up to date. Throws what they throw; nothing has changed
    // then.
    void read(MonotonicTime now);

    // Whether units may have come or gone since they were read.
    bool due(MonotonicTime now) const;

    const Units &units() const { return units_; }

private:
    Accounts &accounts_;
    std::chrono::microseconds linger_;
    Units units_;
    Tell tell_;
    std::optional<std::uint64_t> changes_;   // of cgroups, when they were read
    std::optional<MonotonicTime> next_gone_; // when a unit is removed next
};

} // namespace ktally
