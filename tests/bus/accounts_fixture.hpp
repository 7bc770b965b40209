// SPDX-License-Identifier: LGPL-2.1-or-later
//
// AccountsTest: a server whose accounts the test writes: cgroups, and tasks and processes in them.
#pragma once

#include "fixtures.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ktally::test {

inline constexpr std::uint64_t root_cgroup = 1;

class AccountsTest : public ServerTest {
protected:
    using ServerTest::ServerTest;

    // Makes one and returns its id.
    std::uint64_t cgroup(const std::string &name, std::uint64_t parent = root_cgroup);
    void remove_cgroup(std::uint64_t id);
    // Has what ended in it made so many more calls.
    void count(std::uint64_t cgroup, ktally_call call, std::uint64_t calls);

    SharedTask &task(std::uint32_t pid, std::uint64_t cgroup);
    SharedProcess &process(std::uint32_t pid, std::uint64_t cgroup, const std::string &name = "process");
    SharedProcess &zombie(std::uint32_t pid, std::uint64_t cgroup);

    // The object of a unit that there is.
    std::string object(const char *unit) const { return root_->manager("GetUnit", "s", unit).path(); }
    std::uint64_t number(const char *unit, const char *interface, const char *property) const
    {
        return root_->number(interface, property, object(unit));
    }
    std::uint64_t readings() const { return accounts().readings; }

private:
    SharedCgroup &row(std::uint64_t id) { return accounts().cgroups[id - first_id_]; }

    static constexpr std::uint64_t first_id_ = 100;
    std::uint64_t next_id_ = first_id_;
    std::size_t tasks_ = 0;
    std::size_t processes_ = 0;
};

} // namespace ktally::test
