// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Service: everything that ktally has on the bus, at /org/ktally1 and below.
#pragma once

#include "bus/counter_objects.hpp"
#include "bus/findings.hpp"
#include "bus/manager.hpp"
#include "bus/names.hpp"

#include <optional>

namespace ktally {

class Service {
public:
    // The objects, not the name: own that when they are there. All references must outlive this.
    Service(sdbus::IConnection &connection, sd_event *event, Source &source, View &view, UnitWatch &units,
            ProcessWatch &watch, ReturnProgram &return_program, Manager::Facts facts,
            std::function<MonotonicTime()> now, std::function<void()> on_switch);

    // Signals one sample: what changed, what was found in it, then SampleTaken. Where processes cannot be read, which
    // is logged, it has neither zombies nor units.
    void publish(const Sample &sample, const ProcessWatch::Rules &rules);

    Manager &manager() { return manager_; }

private:
    std::optional<ProcessWatch::Sampled> watch_processes(const Sample &sample, const ProcessWatch::Rules &rules);

    View &view_;
    ProcessWatch &watch_;
    UnitObjects units_;
    Manager manager_;
    Files files_;
    Vfs vfs_;
    Processes processes_;
    Findings findings_;
    bool unreadable_ = false; // the last sample could not read processes
};

} // namespace ktally
