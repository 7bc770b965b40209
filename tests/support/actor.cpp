// SPDX-License-Identifier: LGPL-2.1-or-later
#include "actor.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace ktally::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string &what)
{
    throw std::system_error{errno, std::generic_category(), what};
}

fs::path root()
{
    for (const char *place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
        if (fs::exists(fs::path{place} / "cgroup.procs"))
            return place;
    throw std::runtime_error{"cgroup v2 is not mounted"};
}

// The state in a /proc/.../stat, behind a name that may contain anything.
char state(const fs::path &stat)
{
    std::ifstream file{stat};
    std::string line;
    std::getline(file, line);
    const std::size_t behind = line.rfind(')');
    return behind == line.npos || behind + 2 >= line.size() ? '\0' : line[behind + 2];
}

bool is_number(const std::string &name)
{
    return !name.empty() && std::ranges::all_of(name, [](char digit) { return digit >= '0' && digit <= '9'; });
}

bool all_threads_are_zombies(const fs::path &process)
{
    std::error_code gone;
    for (const auto &thread : fs::directory_iterator{process / "task", gone})
        if (state(thread.path() / "stat") != 'Z')
            return false;
    return !gone;
}

} // namespace

void Stage::await(int stage) const
{
    const auto until = std::chrono::steady_clock::now() + stretched(60s);
    while (reached_ < stage) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error{"nobody reached stage " + std::to_string(stage)};
        sched_yield();
    }
}

Cgroup::Cgroup(const std::string &name) : path_{root() / name}
{
    if (mkdir(path_.c_str(), 0755) != 0)
        fail(path_);
    struct stat directory {};
    if (stat(path_.c_str(), &directory) != 0)
        fail(path_);
    id_ = directory.st_ino;
}

Cgroup::~Cgroup()
{
    // A process that was reaped may be still on its way out.
    EXPECT_TRUE(eventually([this] { return rmdir(path_.c_str()) == 0; })) << path_;
}

void Cgroup::take(pid_t pid) const
{
    std::ofstream procs{path_ / "cgroup.procs"};
    procs << pid << std::flush;
    if (!procs)
        throw std::runtime_error{path_.string() + " does not take process " + std::to_string(pid)};
}

Actor::Actor(const Cgroup &cgroup, const std::function<void(Stage &)> &body)
{
    mallopt(M_ARENA_MAX, 1); // for more of them the C library opens a file, to see how many CPUs there are
    pid_ = fork();
    if (pid_ < 0)
        fail("fork");
    if (pid_ == 0) {
        stage_->await(0);
        body(*stage_);
        _exit(0);
    }
    cgroup.take(pid_);
    stage_->reach(0);
}

Actor::~Actor()
{
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
}

void Actor::await_end() const
{
    siginfo_t ended{};
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT), 0);
}

void Actor::finish()
{
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
    pid_ = 0;
}

void read_zero(std::uint64_t times)
{
    const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char byte = 0;
    for (std::uint64_t count = 0; count < times; ++count)
        syscall(SYS_read, zero, &byte, 1);
    close(zero);
}

void in_a_child(const std::function<void()> &body)
{
    const pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    waitpid(child, nullptr, 0);
}

pid_t unreaped_child(const std::function<void()> &body)
{
    const pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
    return child;
}

void eventually_zombie_leader(pid_t pid)
{
    const fs::path stat = fs::path{"/proc"} / std::to_string(pid) / "stat";
    EXPECT_TRUE(eventually([&] { return state(stat) == 'Z'; }));
}

std::vector<std::uint32_t> zombies_of_proc()
{
    std::vector<std::uint32_t> pids;
    for (const auto &process : fs::directory_iterator{"/proc"})
        if (const std::string name = process.path().filename(); is_number(name) && all_threads_are_zombies(process))
            pids.push_back(static_cast<std::uint32_t>(std::stoul(name)));
    std::ranges::sort(pids);
    return pids;
}

std::optional<std::uint32_t> descriptors_of_proc(std::uint32_t pid)
{
    std::error_code error;
    const fs::directory_iterator all{fs::path{"/proc"} / std::to_string(pid) / "fd", error};
    if (error)
        return std::nullopt;
    return static_cast<std::uint32_t>(std::distance(begin(all), end(all)));
}

} // namespace ktally::test
