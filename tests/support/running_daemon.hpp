// SPDX-License-Identifier: LGPL-2.1-or-later
//
// RunningDaemon: the real ktallyd, as its own process, on a bus of its own. Started and stopped with the object.
#pragma once

#include "daemon_client.hpp"
#include "private_bus.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace ktally::test {

class RunningDaemon : public DaemonClient {
public:
    // `config` is the [Daemon] section. Returns when it said READY=1 or ended.
    explicit RunningDaemon(const std::string &config, void (*before_exec)() = nullptr);
    ~RunningDaemon();

    using Clock = std::chrono::steady_clock;

    bool ready() const { return ready_; }
    Clock::time_point started_at() const { return started_at_; }
    Clock::time_point ready_at() const { return ready_at_; }
    Child &process() { return *process_; }
    std::string log() const;
    std::string status() const { return status_; } // the STATUS= that came with READY=1

private:
    void wait_until_ready(int socket);

    TemporaryDirectory directory_;
    PrivateBus bus_;
    std::unique_ptr<Child> process_;
    bool ready_ = false;
    Clock::time_point started_at_;
    Clock::time_point ready_at_;
    std::string status_;
};

} // namespace ktally::test
