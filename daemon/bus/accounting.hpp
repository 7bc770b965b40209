// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Accounting: what org.ktally1.Manager says of units and processes: who wants the signals of units, which object a unit
// has, and which processes do most.
#pragma once

#include "bus/questions.hpp"
#include "bus/timers.hpp"
#include "bus/unit_objects.hpp"
#include "core/top_processes.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ktally {

class Accounting {
public:
    using Options = std::map<std::string, sdbus::Variant>;
    using Row = sdbus::Struct<std::uint32_t, std::string, std::string, std::uint64_t, Options>;
    using UnitResult = sdbus::Result<sdbus::ObjectPath>;
    using TopResult = sdbus::Result<std::vector<Row>>;

    // All must outlive this.
    Accounting(sd_event *event, Source &source, UnitObjects &units, Questions &questions)
        : source_{source}, units_{units}, questions_{questions}, timers_{event}
    {
    }

    // The methods of Manager, which throw what they answer with if not all is well.
    void subscribe(const std::string &client);
    void unsubscribe(const std::string &client);
    sdbus::ObjectPath unit(const std::string &name);
    void unit_by_pid(const Caller &caller, UnitResult &&result, std::uint32_t pid);
    void list_top_processes(const Caller &caller, TopResult &&result, const std::string &counter, std::uint32_t limit,
                            const Options &options);

    void client_left(const std::string &client);

    bool available() const;

private:
    sdbus::ObjectPath unit_of_process(std::uint32_t pid);
    std::string absence() const; // of accounting
    ProcessCounter counter_of_processes(const std::string &name) const;
    std::vector<Row> rows(const std::vector<ProcessCount> &counts);

    Source &source_;
    UnitObjects &units_;
    Questions &questions_;
    Timers timers_;
    std::set<std::string> subscribers_; // unique bus names
};

} // namespace ktally
