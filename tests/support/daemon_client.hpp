// SPDX-License-Identifier: LGPL-2.1-or-later
//
// DaemonClient: ktallyd as a client on the system bus sees it. What it answers with an error is thrown, as
// sdbus::Error.
#pragma once

#include "core/counters.hpp"
#include "sdbus.hpp"
#include "worth.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ktally::test {

class DaemonClient {
public:
    // To the bus that is the system bus now.
    void connect();

    // One by one: GetAll reads the gauges too, for which the daemon makes calls that are counted.
    Totals totals();
    std::uint64_t total(Counter counter);
    Errors errors();
    void set_return_program(bool enabled);
    // Of the counters; and the last row, of what counts by unit and process.
    std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>> probes();
    sdbus::Struct<std::string, std::string, std::string, std::string> accounting();
    std::string backend();
    std::map<std::string, sdbus::Variant> properties(const std::string &interface); // "Vfs"

    // How many events the daemon says it could not look at, by counter: part of its Probes.
    std::map<std::string, std::uint64_t> missed();

protected:
    std::unique_ptr<sdbus::IConnection> connection_;
    std::unique_ptr<sdbus::IProxy> proxy_;

private:
    sdbus::Struct<std::string, std::string, std::string, std::string> accounting_;
};

} // namespace ktally::test
