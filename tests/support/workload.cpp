// SPDX-License-Identifier: LGPL-2.1-or-later
#include "workload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <system_error>
#include <thread>

namespace ktally::test {
namespace {

void expect(bool as_meant, const char *call)
{
    if (!as_meant)
        throw std::system_error{errno, std::generic_category(), call};
}

void expect_error(long result, int error, const char *call)
{
    expect(result == -1 && errno == error, call);
}

void repeat(std::uint64_t times, const std::function<void(std::uint64_t)> &act)
{
    for (std::uint64_t round = 0; round < times; ++round)
        act(round);
}

void reap(pid_t child)
{
    int status = 0;
    expect(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child");
}

} // namespace

void Workload::run(const std::string &directory, const char *program) const
{
    const std::string scratch = directory + "/scratch";
    const std::string created = directory + "/created";
    const std::string missing = directory + "/missing";
    const std::string below_file = scratch + "/x";
    std::array<char, block> buffer{};
    const iovec vector{buffer.data(), buffer.size()};
    const auto done = static_cast<long>(block);

    const int file = open(scratch.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    expect(file >= 0, "open");
    expect(ftruncate(file, done) == 0, "ftruncate");
    repeat(writes, [&](std::uint64_t round) {
        expect(lseek(file, 0, SEEK_SET) == 0, "lseek");
        switch (round % 5) {
        case 0:
            return expect(syscall(SYS_write, file, buffer.data(), block) == done, "write");
        case 1:
            return expect(syscall(SYS_pwrite64, file, buffer.data(), block, 0) == done, "pwrite64");
        case 2:
            return expect(syscall(SYS_writev, file, &vector, 1) == done, "writev");
        case 3:
            return expect(syscall(SYS_pwritev, file, &vector, 1, 0, 0) == done, "pwritev");
        default:
            return expect(syscall(SYS_pwritev2, file, &vector, 1, 0, 0, 0) == done, "pwritev2");
        }
    });
    repeat(reads, [&](std::uint64_t round) {
        expect(lseek(file, 0, SEEK_SET) == 0, "lseek");
        switch (round % 5) {
        case 0:
            return expect(syscall(SYS_read, file, buffer.data(), block) == done, "read");
        case 1:
            return expect(syscall(SYS_pread64, file, buffer.data(), block, 0) == done, "pread64");
        case 2:
            return expect(syscall(SYS_readv, file, &vector, 1) == done, "readv");
        case 3:
            return expect(syscall(SYS_preadv, file, &vector, 1, 0, 0) == done, "preadv");
        default:
            return expect(syscall(SYS_preadv2, file, &vector, 1, 0, 0, 0) == done, "preadv2");
        }
    });
    repeat(fsyncs, [&](std::uint64_t round) { expect((round % 2 ? fdatasync(file) : fsync(file)) == 0, "fsync"); });
    repeat(opens, [&](std::uint64_t) {
        const int again = open(scratch.c_str(), O_RDONLY | O_CLOEXEC);
        expect(again >= 0 && close(again) == 0, "open");
    });
    repeat(creates, [&](std::uint64_t round) {
        const int fresh = open(created.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        expect(fresh >= 0 && close(fresh) == 0, "open O_CREAT");
        expect((round % 2 ? unlink(created.c_str()) : unlinkat(AT_FDCWD, created.c_str(), 0)) == 0, "unlink");
    });
    repeat(enoent_opens, [&](std::uint64_t) { expect_error(open(missing.c_str(), O_RDONLY), ENOENT, "open"); });
    repeat(enotdir_opens, [&](std::uint64_t) { expect_error(open(below_file.c_str(), O_RDONLY), ENOTDIR, "open"); });
    repeat(ebadf_closes, [&](std::uint64_t) { expect_error(close(1 << 20), EBADF, "close"); });
    repeat(forks, [&](std::uint64_t) {
        const pid_t child = fork();
        if (child == 0)
            _exit(0);
        reap(child);
    });
    repeat(threads, [&](std::uint64_t) { std::thread{[] {}}.join(); });
    repeat(execs, [&](std::uint64_t) {
        const pid_t child = fork();
        if (child == 0) {
            execl(program, program, nullptr);
            _exit(127);
        }
        reap(child);
    });
    // An empty directory removed is not an unlink.
    expect(mkdirat(AT_FDCWD, created.c_str(), 0700) == 0 && unlinkat(AT_FDCWD, created.c_str(), AT_REMOVEDIR) == 0,
           "unlinkat AT_REMOVEDIR");
    expect(close(file) == 0 && unlink(scratch.c_str()) == 0, "unlink");
}

std::map<Counter, std::uint64_t> Workload::worth() const
{
    const std::uint64_t scratch = 1;
    return {
        {Counter::Opened, scratch + opens + creates + enoent_opens + enotdir_opens},
        {Counter::Closed, scratch + opens + creates + ebadf_closes},
        {Counter::OpenErrors, enoent_opens + enotdir_opens},
        {Counter::CloseErrors, ebadf_closes},
        {Counter::Reads, reads},
        {Counter::Writes, writes},
        {Counter::Unlinks, scratch + creates},
        {Counter::Fsyncs, fsyncs},
        {Counter::Creates, scratch + creates},
        {Counter::ReadBytes, reads * block},
        {Counter::WriteBytes, writes * block},
        {Counter::ReadErrors, 0},
        {Counter::WriteErrors, 0},
        {Counter::UnlinkErrors, 0},
        {Counter::FsyncErrors, 0},
        {Counter::Forks, forks + execs},
        {Counter::ThreadsCreated, threads},
        {Counter::Execs, execs},
        {Counter::Exits, forks + execs},
        {Counter::TasksExited, forks + threads + execs},
        {Counter::TasksReleased, forks + threads + execs},
        {Counter::ForkErrors, 0},
    };
}

} // namespace ktally::test
