// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixtures.hpp"

#include "eventually.hpp"

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <vector>

namespace ktally::test {
namespace {

namespace fs = std::filesystem;

} // namespace

void BusTest::SetUp()
{
    if (geteuid() != 0)
        GTEST_SKIP() << "not root: the bus policy lets only root and ktally own org.ktally1";
    configure("Interval=100ms\n");
    shared_ = std::make_unique<SharedFile>(file("numbers"));
    bus_ = std::make_unique<PrivateBus>(directory_.path(), policy_);
}

void BusTest::TearDown()
{
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
    return std::make_unique<Child>(
        std::vector<std::string>{KTALLY_SERVER, file("numbers").string(), file("ktallyd.conf").string()},
        Output{{}, closed ? fs::path{} : log, closed});
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
