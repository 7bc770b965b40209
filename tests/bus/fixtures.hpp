// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The fixtures of these tests: a bus of their own, and the daemon on it with numbers that the test sets.
#pragma once

#include "client.hpp"
#include "private_bus.hpp"
#include "shared_numbers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ktally::test {

// Has a bus; the daemon is started by those who want it.
class BusTest : public testing::Test {
protected:
    explicit BusTest(Policy policy = Policy::project) : policy_{policy} {}

    void SetUp() override;
    void TearDown() override;

    // Starts the daemon and waits for its name.
    void start_server();
    // Starts it without waiting, with stderr in `log`. KTALLY_RUNNER, if that is set, runs it, and
    // KTALLY_SERVER is another one than was built with the tests.
    std::unique_ptr<Child> run_server(const std::filesystem::path &log, bool closed = false) const;

    void configure(std::string_view text) const;
    std::string log() const { return text_of(log_file()); }
    std::filesystem::path log_file() const { return directory_.path() / "server.log"; }
    std::filesystem::path file(const char *name) const { return directory_.path() / name; }
    void set(Counter counter, std::uint64_t total) const { shared_->total(counter) = total; }
    SharedNumbers &numbers() const { return shared_->numbers(); }
    SharedAccounts &accounts() const { return numbers().accounts; }

    // Whether what is resident of the daemon has grown by less than that, where it can be told.
    void expect_grown_by_less_than(long kib, long before) const;
    // The longest measured interval that a client was told of.
    static std::chrono::microseconds longest_interval(const Client &client);

    Policy policy_;
    std::string configuration_ = "Interval=100ms\n";    // at first
    std::optional<std::chrono::microseconds> interval_; // of the server, where it is shorter than a configuration's
    std::optional<std::chrono::microseconds> linger_;   // of units after their end, where it is not the usual one
    TemporaryDirectory directory_;
    std::unique_ptr<PrivateBus> bus_;
    std::unique_ptr<SharedFile> shared_;
    std::unique_ptr<Child> server_;
};

// Has a daemon that serves, and a client of root's.
class ServerTest : public BusTest {
protected:
    using BusTest::BusTest;
    void SetUp() override;
    void TearDown() override;

    std::optional<Client> root_;
};

} // namespace ktally::test
