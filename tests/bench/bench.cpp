// SPDX-License-Identifier: LGPL-2.1-or-later
//
// bench: what ktallyd costs on this machine, as a Markdown table. Measures, judges nothing: goals stand beside the
// figures. Run it through tools/bench, on a machine that does nothing else.
#include "crowd.hpp"
#include "figures.hpp"
#include "running_daemon.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <ranges>
#include <thread>
#include <vector>

namespace ktally::test {
namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

double quantile(std::vector<double> values, double share)
{
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

double median(std::vector<double> values)
{
    return quantile(std::move(values), 0.5);
}

void row(const std::string &what, const std::string &figure, const std::string &goal)
{
    fmt::print("| {} | {} | {} |\n", what, figure, goal);
    std::fflush(stdout);
}

double cpu_usec(pid_t pid)
{
    return Microseconds{cpu_time(pid)}.count();
}

// A field of smaps_rollup, in KiB.
double memory_kib(pid_t pid, const std::string &field)
{
    std::ifstream file{fmt::format("/proc/{}/smaps_rollup", pid)};
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(field + ":"))
            return std::stod(line.substr(field.size() + 1));
    return 0;
}

void bench_start()
{
    std::vector<double> times;
    for (int round = 0; round < 11; ++round) {
        const RunningDaemon daemon{""};
        times.push_back(Microseconds{daemon.ready_at() - daemon.started_at()}.count() / 1000);
    }
    row("exec to READY", fmt::format("{:.0f} ms", median(times)), "300 ms");
}

void bench_samples(unsigned samples)
{
    constexpr std::chrono::milliseconds interval{100};
    RunningDaemon daemon{"Interval=100ms"};
    const pid_t pid = daemon.process().pid();
    std::this_thread::sleep_for(10 * interval); // the first samples touch what the later ones reuse
    const double cpu_before = cpu_usec(pid);
    const double rss_before = memory_kib(pid, "Rss");
    const double pss_before = memory_kib(pid, "Pss");
    std::this_thread::sleep_for(samples * interval);
    row("CPU per sample", fmt::format("{:.0f} us", (cpu_usec(pid) - cpu_before) / samples), "150 us");
    row("RSS", fmt::format("{:.1f} MB", rss_before * 1024 / 1e6), "");
    row("PSS", fmt::format("{:.1f} MB", pss_before * 1024 / 1e6), "8 MB");
    row(fmt::format("PSS grown over {} samples", samples),
        fmt::format("{:.0f} KiB", memory_kib(pid, "Pss") - pss_before), "0 KiB");
}

void bench_latency()
{
    RunningDaemon daemon{""};
    const auto measure = [&](const char *name, const std::function<void()> &call) {
        std::vector<double> times;
        for (int round = 0; round < 5000; ++round) {
            const auto begin = Clock::now();
            call();
            times.push_back(Microseconds{Clock::now() - begin}.count());
        }
        row(fmt::format("{} latency, p50 / p99", name),
            fmt::format("{:.0f} us / {:.0f} us", median(times), quantile(times, 0.99)), "");
    };
    measure("Get", [&] { daemon.backend(); });
    measure("GetAll", [&] { daemon.properties("Vfs"); });
}

void bench_crowd()
{
    constexpr std::chrono::seconds patience{60};
    RunningDaemon daemon{""};
    Crowd crowd{500, 100, std::chrono::milliseconds{100}};
    crowd.until([&] { return crowd.fewest_samples() >= 2; }, patience);
    const auto before = static_cast<std::ptrdiff_t>(crowd.latencies().size());
    crowd.until([&] { return crowd.fewest_samples() >= 12; }, patience);
    std::vector<double> times;
    for (const auto latency : std::ranges::subrange{crowd.latencies().begin() + before, crowd.latencies().end()})
        times.push_back(Microseconds{latency}.count() / 1000);
    row("GetAll p99, 500 clients, 100 polling", fmt::format("{:.1f} ms", quantile(times, 0.99)), "20 ms");
}

// The time of one call in nanoseconds, by the fastest of some loops: what disturbs only adds.
double nanoseconds_per_call(const std::function<void()> &call)
{
    constexpr int calls = 100'000;
    double fastest = 1e9;
    for (int loop = 0; loop < 5; ++loop) {
        const auto begin = Clock::now();
        for (int round = 0; round < calls; ++round)
            call();
        fastest = std::min(fastest, std::chrono::duration<double, std::nano>{Clock::now() - begin}.count() / calls);
    }
    return fastest;
}

// Without the daemon, with it, and with the return program too, in turn, so that a machine that changes its pace
// changes it for all three.
void bench_calls()
{
    const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char byte = 0;
    const std::vector<std::pair<const char *, std::function<void()>>> calls{
        {"read(2), counted", [&] { syscall(SYS_read, zero, &byte, 1); }},
        {"getpid(2), not counted", [] { syscall(SYS_getpid); }},
    };
    std::vector<std::vector<double>> bare(calls.size()), entry(calls.size()), both(calls.size());
    const auto measure = [&](std::vector<std::vector<double>> &times) {
        for (std::size_t index = 0; index < calls.size(); ++index)
            times[index].push_back(nanoseconds_per_call(calls[index].second));
    };
    std::string backend;
    for (int round = 0; round < 9; ++round) {
        measure(bare);
        RunningDaemon daemon{""};
        backend = daemon.backend();
        measure(entry);
        daemon.set_return_program(true);
        measure(both);
    }
    for (std::size_t index = 0; index < calls.size(); ++index) {
        const double base = median(bare[index]), counting = median(entry[index]), all = median(both[index]);
        row(fmt::format("added to {} ({}), backend {}", calls[index].first, fmt::format("{:.0f} ns without", base),
                        backend),
            fmt::format("{:+.0f} ns, with return {:+.0f} ns ({:.2f} x, {:.2f} x)", counting - base, all - base,
                        counting / base, all / base),
            "");
    }
    close(zero);
}

} // namespace
} // namespace ktally::test

int main(int argc, char **argv)
{
    unsigned samples = 100;
    CLI::App app{"Measures what ktallyd costs on this machine.", "bench"};
    app.add_option("--samples", samples, "How many samples to watch for growth, ten a second (100)");
    CLI11_PARSE(app, argc, argv);
    fmt::print("| what | measured | goal |\n|---|---:|---:|\n");
    ktally::test::bench_start();
    ktally::test::bench_samples(samples);
    ktally::test::bench_latency();
    ktally::test::bench_crowd();
    ktally::test::bench_calls();
}
