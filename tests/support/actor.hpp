// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Actor: a process that does what a test says, in a cgroup that the test made for it. They wait for each other in
// shared memory, where no counted call is made.
#pragma once

#include "eventually.hpp"
#include "shared.hpp"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ktally::test {

// How far they are.
class Stage {
public:
    void reach(int stage) { reached_ = stage; }

    // Throws std::runtime_error if it takes too long.
    void await(int stage) const;

private:
    std::atomic<int> reached_{-1};
};

class Cgroup {
public:
    // Below the root of cgroup v2: "a.slice/b.service". What is above must be there. Throws std::system_error.
    explicit Cgroup(const std::string &name);
    Cgroup(const Cgroup &) = delete;
    Cgroup &operator=(const Cgroup &) = delete;
    ~Cgroup(); // removes it, when its last process has left

    std::uint64_t id() const { return id_; }
    const std::filesystem::path &path() const { return path_; }
    void take(pid_t pid) const; // moves a process here

private:
    std::filesystem::path path_;
    std::uint64_t id_;
};

class Actor {
public:
    // Begins when it is in that cgroup, and ends with its body.
    Actor(const Cgroup &cgroup, const std::function<void(Stage &)> &body);
    Actor(const Actor &) = delete;
    Actor &operator=(const Actor &) = delete;
    ~Actor();

    pid_t pid() const { return pid_; }
    Stage &stage() { return *stage_; }
    void await_end() const; // without reaping it
    void finish();          // reaps it

private:
    Shared<Stage> stage_;
    pid_t pid_;
};

// So many read(2) of one byte, and nothing else that is counted beside an open and a close.
void read_zero(std::uint64_t times);

// A child that does that, and is reaped.
void in_a_child(const std::function<void()> &body);

// A child that has ended and is not reaped.
pid_t unreaped_child(const std::function<void()> &body);

// Until the first thread of a process has ended.
void eventually_zombie_leader(pid_t pid);

// What /proc says: processes all of whose threads are zombies, in order; how many descriptors a process has open,
// nothing if there is no such process.
std::vector<std::uint32_t> zombies_of_proc();
std::optional<std::uint32_t> descriptors_of_proc(std::uint32_t pid);

} // namespace ktally::test
