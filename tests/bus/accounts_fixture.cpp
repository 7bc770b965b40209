// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_fixture.hpp"

#include <algorithm>

namespace ktally::test {
namespace {

void write(SharedName &name, const std::string &text)
{
    name.fill(0);
    std::ranges::copy(text.substr(0, name.size() - 1), name.begin());
}

} // namespace

std::uint64_t AccountsTest::cgroup(const std::string &name, std::uint64_t parent)
{
    const std::uint64_t id = next_id_++;
    row(id).parent = parent;
    write(row(id).name, name);
    row(id).id = id;
    ++accounts().changes;
    return id;
}

void AccountsTest::remove_cgroup(std::uint64_t id)
{
    row(id).gone = true;
    ++accounts().changes;
}

void AccountsTest::count(std::uint64_t cgroup, ktally_call call, std::uint64_t calls)
{
    row(cgroup).calls[call] += calls;
}

SharedTask &AccountsTest::task(std::uint32_t pid, std::uint64_t cgroup)
{
    SharedTask &task = accounts().tasks[tasks_++];
    task.cgroup = cgroup;
    task.pid = pid;
    return task;
}

SharedProcess &AccountsTest::process(std::uint32_t pid, std::uint64_t cgroup, const std::string &name)
{
    SharedProcess &process = accounts().processes[processes_++];
    process.parent = 1;
    process.cgroup = cgroup;
    process.start = pid;
    process.descriptors = 3;
    process.descriptor_limit = 1024;
    process.descriptor_table = pid;
    write(process.name, name);
    write(process.parent_name, "parent");
    process.pid = pid;
    return process;
}

SharedProcess &AccountsTest::zombie(std::uint32_t pid, std::uint64_t cgroup)
{
    SharedProcess &dead = process(pid, cgroup, "dead");
    dead.descriptors = 0;
    dead.descriptor_table = 0;
    dead.wait_status = 256;
    dead.zombie = true;
    return dead;
}

} // namespace ktally::test
