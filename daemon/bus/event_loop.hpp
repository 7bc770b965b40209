// SPDX-License-Identifier: LGPL-2.1-or-later
//
// EventLoop: has a bus connection served by an sd-event loop, in its thread. Ends the loop with EXIT_FAILURE when the
// bus goes away.
#pragma once

#include "sdbus.hpp"

#include <systemd/sd-event.h>

#include <memory>

namespace ktally {

class EventLoop {
public:
    // Both must outlive this. Throws std::system_error.
    EventLoop(sd_event *event, sdbus::IConnection &connection);
    ~EventLoop();

private:
    struct Unref {
        void operator()(sd_event_source *source) const { sd_event_source_disable_unref(source); }
    };
    using EventSource = std::unique_ptr<sd_event_source, Unref>;

    void process();
    void prepare();

    sd_event *event_;
    sdbus::IConnection &connection_;
    EventSource io_;
    EventSource timer_;
};

} // namespace ktally
