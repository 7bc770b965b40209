// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Service: ktallyd.service on a machine with real systemd, for a test. Started by the test; stopped, and back to what
// is installed, when the test is over. Prints the journal when the test fails.
#pragma once

#include "child.hpp"
#include "daemon_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace ktally::test {

using namespace std::chrono_literals;

// An emulated CPU that others use too takes its time.
inline constexpr auto machine_patience = 60s;

// What a command prints; the test fails if the command does.
std::string output(const std::vector<std::string> &command);

// The same command with that status.
Finished finished(const std::vector<std::string> &command);

class Service : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // More of the unit: "[Service]\nWatchdogSec=1s\n". Takes effect with the next start.
    void drop_in(const std::string &text);

    // The [Daemon] section.
    void configure(const std::string &text);

    void start();
    void stop() { output({"systemctl", "stop", "ktallyd"}); }

    std::string show(const std::string &property); // as systemctl show
    pid_t main_pid() { return std::stoi(show("MainPID")); }

    // Waits until another process than that is the daemon, and ready: returns which, or 0 if none comes.
    pid_t successor(pid_t pid);

    // The journal of the unit since the test began, one JSON object a line.
    std::string journal();
    std::vector<std::string> entries(const std::string &match); // their MESSAGE, "MESSAGE_ID=..."

    DaemonClient client_;

private:
    std::string since_; // when the test began
};

} // namespace ktally::test
