// SPDX-License-Identifier: LGPL-2.1-or-later
#include "empty_programs.hpp"

#include "kernel/trial.hpp"

#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <system_error>

namespace ktally::test {
namespace {

// perf_event_open(2) with the dynamic PMU "kprobe".
Fd open_kprobe(const std::string &function)
{
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    std::ifstream{"/sys/bus/event_source/devices/kprobe/type"} >> attributes.type;
    attributes.kprobe_func = reinterpret_cast<std::uint64_t>(function.c_str());
    return Fd{static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC))};
}

} // namespace

void EmptyPrograms::attach(std::string_view source)
{
    const std::string kind{source.substr(0, source.find(':'))};
    std::string_view targets = source.substr(source.find(':') + 1);
    for (;;) {
        const auto end = targets.find('+');
        attach(kind, std::string{targets.substr(0, end)});
        if (end == targets.npos)
            return;
        targets.remove_prefix(end + 1);
    }
}

void EmptyPrograms::attach(const std::string &kind, const std::string &target)
{
    const auto check = [&](bool done) {
        if (!done)
            throw std::system_error{errno, std::generic_category(), kind + ':' + target};
    };
    const Backend backend = kind == "kprobe"       ? Backend::kprobe
                            : kind == "tracepoint" ? Backend::tracepoint
                                                   : Backend::fentry;
    Fd program = load_empty(btf_, backend, kind == "fexit" ? At::exit : At::entry, target);
    check(static_cast<bool>(program));
    Fd link = backend == Backend::kprobe ? open_kprobe(target) : Fd{bpf_raw_tracepoint_open(nullptr, program.get())};
    check(static_cast<bool>(link));
    if (backend == Backend::kprobe)
        check(ioctl(link.get(), PERF_EVENT_IOC_SET_BPF, program.get()) == 0 &&
              ioctl(link.get(), PERF_EVENT_IOC_ENABLE, 0) == 0);
    attached_.push_back(std::move(program));
    attached_.push_back(std::move(link));
}

} // namespace ktally::test
