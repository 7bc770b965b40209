// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service_manager.hpp"

#include "log.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace ktally {
namespace {

constexpr std::uint64_t patience_usec = 5'000'000;

struct Free {
    void operator()(char **texts) const
    {
        for (char **text = texts; *text; ++text)
            std::free(*text);
        std::free(texts);
    }
};

} // namespace

ServiceManager::ServiceManager()
{
    char **texts = nullptr;
    const int count = sd_listen_fds_with_names(true, &texts);
    if (count <= 0)
        return;
    const std::unique_ptr<char *, Free> names{texts};
    for (int index = 0; index < count; ++index)
        kept_.emplace(names.get()[index], Fd{SD_LISTEN_FDS_START + index});
}

void ServiceManager::tell(const std::string &state) const
{
    sd_notify(0, state.c_str());
}

std::multimap<std::string, Fd> ServiceManager::take(std::string_view prefix)
{
    std::multimap<std::string, Fd> taken;
    for (auto each = kept_.begin(); each != kept_.end();)
        if (const auto next = std::next(each); each->first.starts_with(prefix))
            taken.insert(kept_.extract(std::exchange(each, next)));
        else
            each = next;
    return taken;
}

void ServiceManager::put(const std::string &name, int fd)
{
    if (!keeps_)
        return;
    // Without FDPOLL=0 systemd drops maps and perf events at once: to poll(2) they look hung up.
    const int result = sd_pid_notify_with_fds(0, 0, ("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name).c_str(), &fd, 1);
    if (result < 0)
        gives_up("counting will not go on over a restart: the service manager cannot be told what to keep", -result);
}

void ServiceManager::remove(const std::vector<std::string> &names)
{
    if (!keeps_ || names.empty())
        return;
    for (const std::string &name : names)
        sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + name).c_str());
    if (const int result = sd_notify_barrier(0, patience_usec); result < 0)
        gives_up("the service manager does not say whether it let go of what it kept", -result);
}

void ServiceManager::gives_up(const char *what, int error)
{
    log::warning(std::string{what} + ": " + std::strerror(error));
    keeps_ = false;
}

} // namespace ktally
