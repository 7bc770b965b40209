// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Timers: what is to be done once, later, on an sd-event loop. What is not yet due is forgotten with them.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>

namespace ktally {

class Timers {
public:
    // The loop must outlive this.
    explicit Timers(sd_event *event) : event_{event} {}

    // `act` must not throw. Throws std::system_error.
    void after(std::chrono::microseconds time, std::function<void()> act);

private:
    struct Unref {
        void operator()(sd_event_source *source) const { sd_event_source_disable_unref(source); }
    };
    struct Timer {
        Timers &owner;
        std::function<void()> act;
        std::list<Timer>::iterator self;
        std::unique_ptr<sd_event_source, Unref> source = {};
    };

    sd_event *event_;
    std::list<Timer> timers_;
};

} // namespace ktally
