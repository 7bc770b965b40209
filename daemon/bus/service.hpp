// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Service: everything that ktally has on the bus, at /org/ktally1 and below.
#pragma once

#include "bus/counter_objects.hpp"
#include "bus/manager.hpp"
#include "bus/names.hpp"

namespace ktally {

class Service {
public:
    // The objects, not the name: own that when they are there. All references must outlive this.
    Service(sdbus::IConnection &connection, sd_event *event, Source &source, View &view, UnitWatch &units,
            UnitObjects::ZombiesNow zombies, ReturnProgram &return_program, Manager::Facts facts,
            std::function<MonotonicTime()> now, std::function<void()> on_switch);

    // Signals one sample: what changed, then SampleTaken.
    void publish(const Sample &sample);

    Manager &manager() { return manager_; }

private:
    View &view_;
    UnitObjects units_;
    Manager manager_;
    Files files_;
    Vfs vfs_;
    Processes processes_;
};

} // namespace ktally
