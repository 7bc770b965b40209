// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A bus of the test's own, and a place for its files.
#pragma once

#include "child.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace ktally::test {

// A directory that is gone afterwards and that every user can enter.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
    ~TemporaryDirectory();

    const std::filesystem::path &path() const { return path_; }

private:
    std::filesystem::path path_;
};

enum class Policy {
    project, // what a machine has: org.ktally1.conf
    lenient, // and root and nobody may send anything, so that the daemon has to answer it and not the bus
    none,    // nothing about org.ktally1
};

// A dbus-daemon as on a machine, but for one test. While it lives it is the system bus of this process and its
// children.
class PrivateBus {
public:
    PrivateBus(const std::filesystem::path &directory, Policy policy);
    ~PrivateBus();

    const std::string &address() const { return address_; }
    Child &daemon() { return *daemon_; }

private:
    std::unique_ptr<Child> daemon_;
    std::string address_;
};

} // namespace ktally::test
