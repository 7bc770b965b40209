// SPDX-License-Identifier: LGPL-2.1-or-later
#include "worth.hpp"

#include "workload.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace ktally::test {
namespace {

// Its own process: forked, executed, ended and reaped.
constexpr std::uint64_t itself = 1;
constexpr std::uint64_t scratch = 1; // its file

std::uint64_t count(const Errors &errors, std::string_view operation)
{
    std::uint64_t sum = 0;
    for (const auto &[error, times] : errors)
        if (std::get<0>(error) == operation)
            sum += times;
    return sum;
}

// As functions see them, or system calls.
Errors errors(bool of_system_calls)
{
    Errors errors{
        {{"open", ENOENT}, ENOENT_OPENS},     {{"open", ENOTDIR}, ENOTDIR_OPENS}, {{"close", EBADF}, EBADF_CLOSES},
        {{"read", EISDIR}, EISDIR_READS},     {{"read", EBADF}, EBADF_READS},     {{"read", EAGAIN}, EAGAIN_READS},
        {{"write", EBADF}, EBADF_WRITES},     {{"write", ENOSPC}, ENOSPC_WRITES}, {{"write", EPIPE}, EPIPE_WRITES},
        {{"unlink", EISDIR}, EISDIR_UNLINKS}, {{"fsync", EBADF}, EBADF_FSYNCS},   {{"fsync", EINVAL}, EINVAL_FSYNCS},
        {{"fork", EINVAL}, EINVAL_CLONES},
    };
    if (of_system_calls) {
        errors[{"read", EBADF}] += EARLY_READS;
        errors[{"write", EBADF}] += EARLY_WRITES;
        errors[{"unlink", ENOENT}] += EARLY_UNLINKS;
        errors[{"fork", EINVAL}] += EARLY_CLONES;
    }
    return errors;
}

} // namespace

Errors workload_errors(Backend backend)
{
    return errors(backend != Backend::fentry); // there are no kretprobes
}

Worth workload_worth(Backend backend)
{
    const Errors at_entry = errors(backend == Backend::tracepoint), at_exit = workload_errors(backend);
    const auto failed = [&](std::string_view operation) { return count(at_entry, operation); };
    const auto seen_failed = [&](std::string_view operation) { return count(at_exit, operation); };
    const std::uint64_t forks =
        itself + FORKS + EXECS + VFORKS + KILLS + UNREAPED + LEADERS_FIRST + GROUP_EXITS + THREAD_EXECS;
    const std::uint64_t threads = THREADS + LEADERS_FIRST + GROUP_EXITS * GROUP_THREADS + THREAD_EXECS;
    return {
        {Counter::Opened, FILES + OPENS + CREATES + failed("open")},
        {Counter::Closed, FILES + PIPE_ENDS + OPENS + CREATES + failed("close")},
        {Counter::OpenErrors, seen_failed("open")},
        {Counter::CloseErrors, seen_failed("close")},
        {Counter::Reads, READS + END_READS + failed("read")},
        {Counter::Writes, WRITES + failed("write")},
        {Counter::Unlinks, scratch + CREATES + failed("unlink")},
        {Counter::Fsyncs, FSYNCS + failed("fsync")},
        {Counter::Creates, scratch + CREATES},
        {Counter::ReadBytes, std::uint64_t{READS} * BLOCK},
        {Counter::WriteBytes, std::uint64_t{WRITES} * BLOCK},
        {Counter::ReadErrors, seen_failed("read")},
        {Counter::WriteErrors, seen_failed("write")},
        {Counter::UnlinkErrors, seen_failed("unlink")},
        {Counter::FsyncErrors, seen_failed("fsync")},
        {Counter::Forks, forks},
        {Counter::ThreadsCreated, threads},
        {Counter::Execs, itself + EXECS + VFORKS + THREAD_EXECS},
        {Counter::Exits, forks},
        {Counter::TasksExited, forks + threads},
        {Counter::TasksReleased, forks + threads},
        {Counter::ForkErrors, seen_failed("fork")},
    };
}

void run_workload(Abi abi, const std::filesystem::path &directory, void (*before_exec)())
{
    const std::string program = workload_program(abi), place = directory.string();
    const pid_t child = fork();
    if (child == 0) {
        if (before_exec)
            before_exec();
        execl(program.c_str(), program.c_str(), place.c_str(), nullptr);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        throw std::runtime_error{program + " ended with wait status " + std::to_string(status)};
}

} // namespace ktally::test
