// SPDX-License-Identifier: LGPL-2.1-or-later
//
// FdStore: whoever keeps file descriptors while no daemon runs, and hands them to the next one. Kernel objects live as
// long as somebody has a descriptor of them: so counting goes on.
#pragma once

#include "keep/fd.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

class FdStore {
public:
    virtual ~FdStore() = default;

    // Gives away what was kept under the names that begin with `prefix`; the store keeps its own copies.
    virtual std::multimap<std::string, Fd> take(std::string_view prefix) = 0;

    // Keeps a copy of that descriptor.
    virtual void put(const std::string &name, int fd) = 0;

    // Lets go of what is kept under these names. When this returns, it is done.
    virtual void remove(const std::vector<std::string> &names) = 0;
};

} // namespace ktally
