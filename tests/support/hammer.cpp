// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hammer.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ktally::test {
namespace {

// What one round is worth is in Hammer::stop().
bool round(const char *file)
{
    std::array<char, Hammer::bytes_a_call> bytes{};
    const int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool as_meant = fd >= 0 && write(fd, bytes.data(), bytes.size()) == std::ssize(bytes);
    as_meant = as_meant && pread(fd, bytes.data(), bytes.size(), 0) == std::ssize(bytes);
    as_meant = as_meant && fsync(fd) == 0 && close(fd) == 0 && unlink(file) == 0;
    return as_meant && open(file, O_RDONLY | O_CLOEXEC) == -1 && errno == ENOENT;
}

bool fork_and_reap()
{
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

// A process takes as long as many rounds.
constexpr unsigned rounds_to_a_fork = 16;

} // namespace

Hammer::Hammer(unsigned threads, const std::filesystem::path &directory, std::chrono::milliseconds rest)
    : threads_{threads}
{
    std::vector<std::string> files;
    for (unsigned thread = 0; thread < threads; ++thread)
        files.push_back(directory / ("hammer" + std::to_string(thread)));
    process_ = fork();
    if (process_ != 0)
        return;
    std::atomic<bool> failed{false};
    std::vector<std::thread> running;
    for (const std::string &file : files)
        running.emplace_back([&, rest, path = file.c_str()] {
            for (unsigned turn = 0; !shared_->stop && !failed; ++turn) {
                const bool forks = turn % rounds_to_a_fork == 0;
                failed = !round(path) || (forks && !fork_and_reap());
                ++shared_->rounds;
                shared_->forks += forks;
                // Grace periods of the kernel, of which a switch of the return program takes a dozen, come faster so.
                std::this_thread::sleep_for(rest);
            }
        });
    for (std::thread &thread : running)
        thread.join();
    _exit(failed);
}

Hammer::~Hammer()
{
    if (process_ > 0) {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
}

Worth Hammer::stop()
{
    shared_->stop = true;
    int status = -1;
    const pid_t ended = waitpid(process_, &status, 0);
    if (ended != process_ || status != 0)
        throw std::runtime_error{"the hammer ended with wait status " + std::to_string(status)};
    process_ = -1;
    const std::uint64_t rounds = shared_->rounds, forks = 1 + shared_->forks;
    return {
        {Counter::Opened, 2 * rounds},
        {Counter::Closed, rounds},
        {Counter::OpenErrors, rounds},
        {Counter::CloseErrors, 0},
        {Counter::Reads, rounds},
        {Counter::Writes, rounds},
        {Counter::Unlinks, rounds},
        {Counter::Fsyncs, rounds},
        {Counter::Creates, rounds},
        {Counter::ReadBytes, bytes_a_call * rounds},
        {Counter::WriteBytes, bytes_a_call * rounds},
        {Counter::ReadErrors, 0},
        {Counter::WriteErrors, 0},
        {Counter::UnlinkErrors, 0},
        {Counter::FsyncErrors, 0},
        {Counter::Forks, forks},
        {Counter::ThreadsCreated, threads_},
        {Counter::Execs, 0},
        {Counter::Exits, forks},
        {Counter::TasksExited, threads_ + forks},
        {Counter::TasksReleased, threads_ + forks},
        {Counter::ForkErrors, 0},
    };
}

} // namespace ktally::test
