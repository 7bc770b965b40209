// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixtures.hpp"

#include "eventually.hpp"
#include "figures.hpp"
#include "places.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <vector>

namespace ktally::test {
namespace {

namespace fs = std::filesystem;

} // namespace

void BusTest::SetUp()
{
    if (geteuid() != 0)
        GTEST_SKIP() << "not root: the bus policy lets only root and ktally own org.ktally1";
    configure(configuration_);
    shared_ = std::make_unique<SharedFile>(file("numbers"));
    bus_ = std::make_unique<PrivateBus>(directory_.path(), policy_);
}

void BusTest::TearDown()
{
    if (server_ && !server_->wait(0ms)) {
        server_->signal(SIGTERM);
        EXPECT_EQ(server_->wait(), 0) << "the daemon does not end well";
    }
    if (HasFailure())
        std::cerr << "log of the daemon:\n" << log();
    server_.reset();
    bus_.reset();
}

void BusTest::start_server()
{
    server_ = run_server(log_file());
    const Client client;
    const bool there = eventually([&] { return sd_bus_get_name_creds(client.bus(), "org.ktally1", 0, nullptr) >= 0; });
    ASSERT_TRUE(there) << "the daemon does not own its name";
}

std::unique_ptr<Child> BusTest::run_server(const fs::path &log, bool closed) const
{
    const char *runner = std::getenv("KTALLY_RUNNER");
    std::istringstream words{runner ? runner : ""};
    std::vector<std::string> command{std::istream_iterator<std::string>{words}, {}};
    command.insert(command.end(),
                   {place("KTALLY_SERVER", KTALLY_SERVER), file("numbers").string(), file("ktallyd.conf").string()});
    if (interval_ || linger_)
        command.push_back(std::to_string(interval_.value_or(0us).count()));
    if (linger_)
        command.push_back(std::to_string(linger_->count()));
    return std::make_unique<Child>(command, Output{{}, closed ? fs::path{} : log, closed});
}

void BusTest::expect_grown_by_less_than(long kib, long before) const
{
    if (has_memory_of_its_own(server_->pid())) {
        EXPECT_LT(resident_kib(server_->pid()) - before, kib) << "KiB resident before: " << before;
    }
}

std::chrono::microseconds BusTest::longest_interval(const Client &client)
{
    const auto longest = std::ranges::max_element(client.signals(), {}, &Signal::interval_usec);
    return std::chrono::microseconds{longest == client.signals().end() ? 0 : longest->interval_usec};
}

void BusTest::configure(std::string_view text) const
{
    std::ofstream{file("ktallyd.conf")} << "[Daemon]\n" << text;
}

void ServerTest::SetUp()
{
    BusTest::SetUp();
    if (IsSkipped() || HasFatalFailure())
        return;
    start_server();
    root_.emplace();
}

void ServerTest::TearDown()
{
    root_.reset();
    BusTest::TearDown();
}

} // namespace ktally::test
