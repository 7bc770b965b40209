// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CtlTest: a bus of its own, a daemon that answers what the test says, and ktallyctl as people run it.
#pragma once

#include "child.hpp"
#include "fake_daemon.hpp"
#include "places.hpp"
#include "private_bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ktally::test {

class CtlTest : public testing::Test {
protected:
    void SetUp() override
    {
        if (geteuid() != 0)
            GTEST_SKIP() << "not root: the bus policy lets only root and ktally own org.ktally1";
        bus_.emplace(directory_.path(), Policy::project);
        daemon_.emplace();
    }

    void TearDown() override
    {
        daemon_.reset();
        bus_.reset();
    }

    static Finished ctl(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"env", "LC_ALL=C", place("KTALLY_CTL", KTALLYCTL)});
        return run(arguments);
    }

    // What it prints, which must be all well.
    static std::string text(const std::vector<std::string> &arguments)
    {
        const Finished finished = ctl(arguments);
        EXPECT_EQ(finished.status, 0) << finished.text;
        return finished.text;
    }

    static nlohmann::ordered_json json(std::vector<std::string> arguments)
    {
        arguments.push_back("--json=short");
        const std::string line = text(arguments);
        EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
        return nlohmann::ordered_json::parse(line, nullptr, false);
    }

    Answers &answers() { return daemon_->answers; }

    // CLOCK_MONOTONIC, as long ago.
    static std::uint64_t usec_ago(std::chrono::microseconds span)
    {
        const auto then = std::chrono::steady_clock::now().time_since_epoch() - span;
        return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(then).count());
    }

    TemporaryDirectory directory_;
    std::optional<PrivateBus> bus_;
    std::optional<FakeDaemon> daemon_;
};

} // namespace ktally::test
