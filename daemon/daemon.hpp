// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Daemon: the source, the bus and the clock on one sd-event loop. Everything is acquired in the constructor, in order,
// and released in reverse. What the service manager keeps goes on without the process, and the next one takes it over.
#pragma once

#include "bus/event_loop.hpp"
#include "bus/service.hpp"
#include "config_files.hpp"
#include "core/process_watch.hpp"
#include "core/return_program.hpp"
#include "core/unit_watch.hpp"
#include "core/view.hpp"
#include "keep/record.hpp"
#include "service_manager.hpp"

#include <systemd/sd-event.h>

#include <functional>
#include <memory>

namespace ktally {

class Daemon {
public:
    // Reads the configuration again on SIGHUP through `reload`. Throws sdbus::Error, std::system_error or
    // std::runtime_error; what() is a sentence for the user.
    // `linger`: how long a unit is shown after its end. The service manager must outlive this.
    Daemon(ServiceManager &manager, std::unique_ptr<Source> source, const Config &config,
           std::function<Config()> reload, std::chrono::microseconds linger = unit_linger);
    ~Daemon();

    // Serves until SIGTERM or SIGINT (0) or until the bus goes away (EXIT_FAILURE).
    int run();

private:
    struct Unref {
        void operator()(sd_event *event) const { sd_event_unref(event); }
        void operator()(sd_event_source *source) const { sd_event_source_disable_unref(source); }
    };

    void restore_return_program();
    void save_return_program();
    void refuse_the_rest();
    void own_name();
    void watch_signals();
    void start_sampling();
    void sample();
    void configure(const Config &config);
    void tell_service_manager(const std::string &state);
    void log_start() const;

    ServiceManager &manager_;
    Record record_; // of the return program, and when the last sample was taken
    std::unique_ptr<sd_event, Unref> event_;
    std::unique_ptr<Source> source_;
    View view_;
    UnitWatch units_;
    ProcessWatch processes_;
    ReturnProgram return_program_;
    Config config_;
    std::function<Config()> reload_;
    MonotonicTime start_;
    Sampler sampler_;
    std::unique_ptr<sdbus::IConnection> connection_;
    std::string bus_id_;
    Service service_;
    EventLoop bus_loop_;
    std::unique_ptr<sd_event_source, Unref> timer_;
    MonotonicTime due_; // when the next sample is
};

} // namespace ktally
