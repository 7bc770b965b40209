// SPDX-License-Identifier: LGPL-2.1-or-later
//
// FakeDaemon: what ktallyd looks like on the bus, answering what the test writes. It serves in a thread of its own;
// write before ktallyctl asks.
#pragma once

#include "core/counters.hpp"
#include "sdbus.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace ktally::test {

using TopRow =
    sdbus::Struct<std::uint32_t, std::string, std::string, std::uint64_t, std::map<std::string, sdbus::Variant>>;
using ZombieRow =
    sdbus::Struct<std::uint32_t, std::uint32_t, std::string, std::string, std::string, std::int32_t, std::uint64_t>;
using ProbeRow = sdbus::Struct<std::string, std::string, std::string, std::string>;

// A unit, or the machine.
struct FakeNumbers {
    std::string name = {};
    std::string control_group = {};
    std::uint64_t since = 0;
    Totals totals = {};
    std::uint64_t descriptors = 0;
    std::uint64_t zombies = 0;
};

// How ListTopProcesses was called.
struct TopCall {
    std::string counter;
    std::uint32_t limit = 0;
    std::map<std::string, sdbus::Variant> options = {};
};

struct Answers {
    FakeNumbers machine;
    std::map<std::uint32_t, std::string> unit_of_process; // by PID: its name
    std::vector<TopRow> top;
    std::vector<ZombieRow> zombies;
    std::vector<ProbeRow> probes{{"Accounting", "task_storage", "active", ""}};
    std::uint64_t unattributed = 0;
    std::optional<sdbus::Error> refusal; // of ListTopProcesses
    TopCall asked;                       // the last time
};

class FakeDaemon {
public:
    // Owns org.ktally1 on the system bus of the test.
    FakeDaemon();
    FakeDaemon(const FakeDaemon &) = delete;
    FakeDaemon &operator=(const FakeDaemon &) = delete;
    ~FakeDaemon();

    Answers answers;
    void add_unit(const FakeNumbers &unit);

private:
    class Machine;
    class UnitObject;

    std::unique_ptr<sdbus::IConnection> connection_;
    std::vector<std::unique_ptr<UnitObject>> units_;
    std::unique_ptr<Machine> machine_;
};

} // namespace ktally::test
