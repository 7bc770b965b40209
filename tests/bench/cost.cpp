// SPDX-License-Identifier: LGPL-2.1-or-later
//
// cost: how many instructions a counted call takes more than the same call uncounted, and how much kernel memory the
// programs and maps take. For a guest whose time-stamp counter counts instructions (QEMU -icount shift=0), so that the
// numbers are the same on every machine; tools/bench cost boots it.
#include "empty_programs.hpp"
#include "running_daemon.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <sstream>
#include <system_error>
#include <thread>

namespace ktally::test {
namespace {

constexpr std::array names{"read", "write", "open and close", "unlink", "fork, exit and wait", "getpid, not counted"};

struct Operation {
    int calls; // in a round, few enough that most rounds see no timer tick
    std::function<void()> prepare;
    std::function<void()> call;
};

constexpr int batch = 20;
constexpr int rounds = 100;

// By name.
const std::vector<Operation> &operations_to_measure()
{
    static const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    static char byte;
    static int next;
    static const std::vector<std::string> files = [] {
        std::filesystem::create_directory("/cost"); // apart from what else comes and goes
        std::vector<std::string> paths;
        for (int number = 0; number < batch; ++number)
            paths.push_back(fmt::format("/cost/{}", number));
        return paths;
    }();
    static const std::vector<Operation> operations{
        {batch, [] {}, [] { syscall(SYS_read, zero, &byte, 1); }},
        {batch, [] {}, [] { syscall(SYS_write, null, &byte, 1); }},
        {batch, [] {}, [] { syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY)); }},
        {batch,
         [] {
             for (next = 0; next < batch; ++next)
                 close(open(files[static_cast<std::size_t>(next)].c_str(), O_WRONLY | O_CREAT, 0600));
             next = 0;
         },
         [] { syscall(SYS_unlink, files[static_cast<std::size_t>(next++)].c_str()); }},
        // What the child before left is freed after a grace period, and then used again.
        {1, [] { std::this_thread::sleep_for(std::chrono::milliseconds{50}); },
         [] {
             const pid_t child = vfork();
             if (child == 0)
                 _exit(0);
             waitpid(child, nullptr, 0);
         }},
        {batch, [] {}, [] { syscall(SYS_getpid); }},
    };
    return operations;
}

// Instructions of a call: of the round that nothing disturbed.
double instructions(const Operation &operation)
{
    unsigned long long least = ~0ULL;
    for (int round = 0; round < rounds; ++round) {
        operation.prepare();
        const unsigned long long begin = __rdtsc();
        for (int call = 0; call < operation.calls; ++call)
            operation.call();
        least = std::min(least, __rdtsc() - begin);
    }
    return static_cast<double>(least) / operation.calls;
}

using Costs = std::vector<double>; // by operation

// In a process of its own without other descriptors, since a fork copies them: programs attached here are many.
Costs measure()
{
    std::this_thread::sleep_for(std::chrono::seconds{12}); // of the guest's time: what was started has settled
    const std::size_t count = names.size();
    void *memory = mmap(nullptr, count * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::system_error{errno, std::generic_category(), "mmap"};
    const std::span<double> costs{static_cast<double *>(memory), count};
    const pid_t child = fork();
    if (child == 0) {
        close_range(STDERR_FILENO + 1, ~0U, 0);
        std::ranges::transform(operations_to_measure(), costs.begin(), instructions);
        _exit(EXIT_SUCCESS);
    }
    int status = -1;
    if (waitpid(child, &status, 0) != child || status != 0)
        throw std::runtime_error{"measuring ended with wait status " + std::to_string(status)};
    const Costs result{costs.begin(), costs.end()};
    munmap(memory, count * sizeof(double));
    return result;
}

// The sources of all counters, each as often as there is a program for it: calls have their own, errors and bytes
// share.
std::vector<std::string> sources(RunningDaemon &daemon)
{
    std::vector<std::string> programs;
    for (const auto &probe : daemon.probes()) {
        const std::string source = std::get<1>(probe);
        const bool own = source.starts_with("tracepoint:") && !source.starts_with("tracepoint:sys_");
        if (std::get<2>(probe) == "active" && (own || std::ranges::find(programs, source) == programs.end()))
            programs.push_back(source);
    }
    return programs;
}

// A daemon that counts with that backend, by task and cgroup too if there are to be accounts.
std::unique_ptr<RunningDaemon> counting_with(Backend backend, bool accounts)
{
    auto daemon = std::make_unique<RunningDaemon>(
        fmt::format("Interval=1h\nBackend={}\nAccounting={}", name(backend), accounts ? "yes" : "no"));
    if (!daemon->ready())
        throw std::runtime_error{daemon->log()};
    return daemon;
}

// What the daemon adds with that backend, and what empty programs do in the same places.
struct Added {
    Costs counting, empty;
};

Added added(Backend backend, bool with_return, const Costs &bare)
{
    Added result;
    std::vector<std::string> hooked;
    {
        const auto daemon = counting_with(backend, false);
        if (with_return)
            daemon->set_return_program(true);
        hooked = sources(*daemon);
        result.counting = measure();
    }
    {
        EmptyPrograms programs;
        for (const std::string &source : hooked)
            programs.attach(source);
        result.empty = measure();
    }
    for (std::size_t index = 0; index < bare.size(); ++index) {
        result.counting[index] -= bare[index];
        result.empty[index] -= bare[index];
    }
    return result;
}

std::string cell(const Added &added, std::size_t index)
{
    const double counting = added.counting[index], empty = added.empty[index];
    return fmt::format("{:.0f} | {:.0f} | {}", empty, counting,
                       empty > 0 ? fmt::format("{:.3f}", counting / empty) : "-");
}

void print_instructions()
{
    utsname system{};
    uname(&system);
    measure(); // the first time pays for what the kernel keeps for the others
    const Costs bare = measure();
    const Added entry = added(Backend::fentry, false, bare), both = added(Backend::fentry, true, bare),
                kprobe = added(Backend::kprobe, false, bare), tracepoint = added(Backend::tracepoint, false, bare),
                tracepoint_both = added(Backend::tracepoint, true, bare);
    fmt::print("\nLinux {}: instructions added to a call, by empty programs and by ktallyd\n\n"
               "| call | itself | empty fentry | entry | ratio | empty fentry and fexit | entry and return | ratio "
               "| empty kprobe | kprobe | ratio | tracepoint | with return |\n"
               "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
               system.release);
    for (std::size_t index = 0; index < bare.size(); ++index)
        fmt::print("| {} | {:.0f} | {} | {} | {} | {:.0f} | {:.0f} |\n", names[index], bare[index], cell(entry, index),
                   cell(both, index), cell(kprobe, index), tracepoint.counting[index], tracepoint_both.counting[index]);
}

// What accounts add to what the daemon adds without them.
Costs added_by_accounts(Backend backend)
{
    Costs without, with;
    for (const bool accounts : {false, true}) {
        const auto daemon = counting_with(backend, accounts);
        (accounts ? with : without) = measure();
    }
    std::ranges::transform(with, without, with.begin(), std::minus{});
    return with;
}

// Bytes that the kernel's kmalloc caches have given out, when what is freed after a grace period is.
long kmalloc_bytes()
{
    std::this_thread::sleep_for(std::chrono::seconds{3});
    std::ifstream info{"/proc/slabinfo"};
    std::string line;
    std::getline(info, line);
    std::getline(info, line);
    long bytes = 0;
    while (std::getline(info, line)) {
        std::istringstream words{line};
        std::string cache;
        long active = 0, all = 0, size = 0;
        words >> cache >> active >> all >> size;
        if (cache.starts_with("kmalloc-"))
            bytes += active * size;
    }
    return bytes;
}

// Bytes of kernel memory that a process takes which has made a call and now waits.
double bytes_per_process(Backend backend, bool accounts)
{
    constexpr int processes = 1000;
    const auto daemon = counting_with(backend, accounts);
    const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    std::array<int, 2> ready{};
    if (pipe(ready.data()) != 0)
        throw std::system_error{errno, std::generic_category(), "pipe"};
    const long before = kmalloc_bytes();
    std::vector<pid_t> children;
    for (int count = 0; count < processes; ++count) {
        const pid_t child = fork();
        if (child == 0) {
            char byte = 0;
            syscall(SYS_read, zero, &byte, 1);
            syscall(SYS_write, ready[1], &byte, 1);
            for (;;)
                pause();
        }
        children.push_back(child);
        char byte = 0;
        if (read(ready[0], &byte, 1) != 1)
            throw std::runtime_error{"a child did not come up"};
    }
    const long bytes = kmalloc_bytes() - before;
    for (const pid_t child : children) {
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
    }
    close(zero);
    close(ready[0]);
    close(ready[1]);
    return static_cast<double>(bytes) / processes;
}

void print_accounts()
{
    utsname system{};
    uname(&system);
    measure(); // the first time pays for what the kernel keeps for the others
    const Costs fentry = added_by_accounts(Backend::fentry), kprobe = added_by_accounts(Backend::kprobe),
                tracepoint = added_by_accounts(Backend::tracepoint);
    for (std::size_t index = 0; index < fentry.size(); ++index)
        fmt::print("| {} | {} | {:.0f} | {:.0f} | {:.0f} |\n", system.release, names[index], fentry[index],
                   kprobe[index], tracepoint[index]);
}

void print_account_memory()
{
    utsname system{};
    uname(&system);
    bytes_per_process(Backend::fentry, true); // likewise
    const double without = bytes_per_process(Backend::fentry, false), with = bytes_per_process(Backend::fentry, true);
    fmt::print("| {} | {:.0f} |\n", system.release, with - without);
}

// What the kernel says that the maps and programs of a process take, in KiB; proc_pid_fdinfo(5).
void print_memory()
{
    RunningDaemon daemon{"Interval=1h\nReturnProgram=yes"};
    if (!daemon.ready())
        throw std::runtime_error{daemon.log()};
    std::map<std::string, unsigned long> maps, programs; // bytes, by id: some have two descriptors
    for (const auto &entry :
         std::filesystem::directory_iterator{fmt::format("/proc/{}/fdinfo", daemon.process().pid())}) {
        std::ifstream info{entry.path()};
        unsigned long bytes = 0;
        for (std::string line; std::getline(info, line);) {
            if (line.starts_with("memlock:"))
                bytes = std::stoul(line.substr(8));
            else if (line.starts_with("map_id:"))
                maps[line] = bytes;
            else if (line.starts_with("prog_id:") && bytes > 0) // links name their program too
                programs[line] = bytes;
        }
    }
    const auto kib = [](const auto &by_id) {
        unsigned long sum = 0;
        for (const auto &[id, bytes] : by_id)
            sum += bytes;
        return sum / 1024;
    };
    utsname system{};
    uname(&system);
    fmt::print("| {} | {} | {} | {} | {} |\n", system.release, sysconf(_SC_NPROCESSORS_CONF), kib(maps), kib(programs),
               kib(maps) + kib(programs));
}

} // namespace
} // namespace ktally::test

int main(int argc, char **argv)
{
    try {
        const std::string what = argc > 1 ? argv[1] : "";
        if (what == "memory")
            ktally::test::print_memory();
        else if (what == "accounts")
            ktally::test::print_accounts();
        else if (what == "account-memory")
            ktally::test::print_account_memory();
        else
            ktally::test::print_instructions();
    } catch (const std::exception &error) {
        fmt::print(stderr, "cost: {}\n", error.what());
        return EXIT_FAILURE;
    }
}
