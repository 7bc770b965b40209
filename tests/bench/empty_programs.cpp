// SPDX-License-Identifier: LGPL-2.1-or-later
#include "empty_programs.hpp"

#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <system_error>

namespace ktally::test {
namespace {

// r0 = 0; exit
constexpr std::array<bpf_insn, 2> instructions{{
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
}};

Fd load(bpf_prog_type type, bpf_attach_type attach_type, unsigned btf_id)
{
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type, .attach_btf_id = btf_id);
    return Fd{bpf_prog_load(type, "empty", "GPL", instructions.data(), instructions.size(), &options)};
}

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
    const auto check = [&](const Fd &fd) {
        if (!fd)
            throw std::system_error{errno, std::generic_category(), kind + ':' + target};
    };
    if (kind == "kprobe") {
        Fd program = load(BPF_PROG_TYPE_KPROBE, {}, 0);
        check(program);
        Fd event = open_kprobe(target);
        check(event);
        if (ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program.get()) != 0 ||
            ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0) != 0)
            check(Fd{-1});
        attached_.push_back(std::move(program));
        attached_.push_back(std::move(event));
        return;
    }
    const bool tracepoint = kind == "tracepoint";
    const auto found = tracepoint ? btf_.tracepoint(target) : btf_.function(target);
    const bpf_attach_type type = tracepoint ? BPF_TRACE_RAW_TP : kind == "fexit" ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY;
    Fd program = load(BPF_PROG_TYPE_TRACING, type, found ? found->id : 0);
    check(program);
    Fd link{bpf_raw_tracepoint_open(nullptr, program.get())};
    check(link);
    attached_.push_back(std::move(program));
    attached_.push_back(std::move(link));
}

} // namespace ktally::test
