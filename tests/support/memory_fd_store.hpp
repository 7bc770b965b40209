// SPDX-License-Identifier: LGPL-2.1-or-later
//
// MemoryFdStore: an FdStore as the service manager is one, with copies of what it is given, in the test's own process.
#pragma once

#include "keep/fd_store.hpp"

#include <fcntl.h>

namespace ktally::test {

inline Fd copy_of(int fd)
{
    return Fd{fcntl(fd, F_DUPFD_CLOEXEC, 0)};
}

class MemoryFdStore final : public FdStore {
public:
    std::multimap<std::string, Fd> take(std::string_view prefix) override
    {
        std::multimap<std::string, Fd> taken;
        for (const auto &[name, fd] : kept)
            if (name.starts_with(prefix))
                taken.emplace(name, copy_of(fd.get()));
        return taken;
    }

    void put(const std::string &name, int fd) override { kept.emplace(name, copy_of(fd)); }

    void remove(const std::vector<std::string> &names) override
    {
        for (const std::string &name : names)
            kept.erase(name);
    }

    std::multimap<std::string, Fd> kept;
};

} // namespace ktally::test
