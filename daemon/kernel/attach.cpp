// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/attach.hpp"

#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <fstream>

namespace ktally {
namespace {

// perf_event_open(2) has no wrapper. Any process, on CPU 0: a kprobe runs on all of them.
Fd open_kprobe(const std::string &function)
{
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    if (!(std::ifstream{"/sys/bus/event_source/devices/kprobe/type"} >> attributes.type)) {
        errno = ENOENT;
        return {};
    }
    attributes.kprobe_func = reinterpret_cast<std::uintptr_t>(function.c_str());
    return Fd{static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC))};
}

} // namespace

Fd attach_tracing(int program)
{
    return Fd{bpf_raw_tracepoint_open(nullptr, program)};
}

Fd attach_kprobe(int program, const std::string &function)
{
    Fd event = open_kprobe(function);
    if (!event)
        return event;
    // From commit b89fbfbb854c (5.15) on a link of its own holds the event; before, the event holds the program.
    Fd link{bpf_link_create(program, event.get(), BPF_PERF_EVENT, nullptr)};
    if (!link && errno == EINVAL && ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program) == 0)
        return event;
    return link;
}

} // namespace ktally
