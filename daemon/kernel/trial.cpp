// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/trial.hpp"

#include <bpf/bpf.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ktally {
namespace {

// r0 = 0; exit
constexpr std::array<bpf_insn, 2> empty_program{{
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
}};

Fd load(bpf_prog_type type, bpf_attach_type attach_type, unsigned btf_id)
{
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type, .attach_btf_id = btf_id);
    return Fd{bpf_prog_load(type, "ktally_empty", "GPL", empty_program.data(), empty_program.size(), &options)};
}

} // namespace

std::string_view kind(Backend backend, At at)
{
    if (backend == Backend::kprobe)
        return "kprobe";
    if (backend == Backend::fentry)
        return at == At::entry ? "fentry" : "fexit";
    return "tracepoint";
}

std::optional<std::string> missing(const KernelBtf &btf, Backend backend, std::string_view target)
{
    const std::string name{target};
    if (backend == Backend::tracepoint)
        return btf.tracepoint(target) ? std::nullopt : std::optional{"this kernel has no tracepoint " + name};
    if (!btf.function(target))
        return "this kernel has no function " + name;
    std::error_code ignored;
    if (backend == Backend::kprobe && !std::filesystem::exists("/sys/bus/event_source/devices/kprobe", ignored))
        return "this kernel has no kprobes";
    return std::nullopt;
}

Fd load_empty(const KernelBtf &btf, Backend backend, At at, std::string_view target)
{
    if (backend == Backend::kprobe)
        return load(BPF_PROG_TYPE_KPROBE, bpf_attach_type{}, 0);
    if (backend == Backend::tracepoint)
        return load(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, btf.tracepoint(target)->id);
    return load(BPF_PROG_TYPE_TRACING, at == At::entry ? BPF_TRACE_FENTRY : BPF_TRACE_FEXIT, btf.function(target)->id);
}

std::optional<std::string> load_refusal(const KernelBtf &btf, Backend backend, At at, std::string_view target)
{
    if (load_empty(btf, backend, at, target))
        return std::nullopt;
    return "loading a program for " + std::string{kind(backend, at)} + ':' + std::string{target} + ": " +
           std::strerror(errno);
}

} // namespace ktally
