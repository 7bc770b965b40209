// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ServiceManager: systemd, or what does its part, as the daemon sees it: it is told the daemon's state and keeps file
// descriptors for the next instance (sd_notify(3), sd_listen_fds(3)). Without one nobody listens and nothing is kept.
#pragma once

#include "keep/fd_store.hpp"

namespace ktally {

class ServiceManager final : public FdStore {
public:
    // Takes what was kept out of the process's environment.
    ServiceManager();

    // "READY=1\nSTATUS=...", see sd_notify(3).
    void tell(const std::string &state) const;

    std::multimap<std::string, Fd> take(std::string_view prefix) override;
    void put(const std::string &name, int fd) override;
    void remove(const std::vector<std::string> &names) override;

private:
    void gives_up(const char *what, int error);

    std::multimap<std::string, Fd> kept_; // and not yet taken
    bool keeps_ = true;                   // until it once did not
};

} // namespace ktally
