// SPDX-License-Identifier: LGPL-2.1-or-later
//
// AccountMaps: the maps in which the programs count by task and by cgroup (bpf/accounts.bpf.h), those of them that this
// kernel lets be used. They outlive the object that counts in them, and the daemon if a store keeps them.
#pragma once

#include "abi.h"
#include "keep/fd.hpp"

#include <bpf/libbpf.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

// "task_storage", "hash"; empty for none.
std::string_view name(ktally_accounts how);

// The names of the maps that are used.
std::vector<std::string> account_maps(ktally_accounts how);

class AccountMaps {
public:
    // None, and why.
    explicit AccountMaps(std::string reason) : reason_{std::move(reason)} {}

    // Those of an object that is loaded, or of an earlier instance, by name; without any, those that the object to
    // which this is given will make.
    AccountMaps(ktally_accounts how, std::map<std::string, Fd> maps, std::string reason)
        : how_{how}, reason_{std::move(reason)}, maps_{std::move(maps)}
    {
    }

    ktally_accounts how() const { return how_; }
    const std::string &reason() const { return reason_; } // why not better, or not at all
    const std::map<std::string, Fd> &all() const { return maps_; }
    int fd(const std::string &name) const { return maps_.at(name).get(); }

    // Before the object is loaded: makes it count in these, or not by task and cgroup.
    void give_to(bpf_object *object) const;

private:
    ktally_accounts how_ = KTALLY_NO_ACCOUNTS;
    std::string reason_;
    std::map<std::string, Fd> maps_;
};

// The maps that an object made.
std::map<std::string, Fd> accounts_of(bpf_object *object, ktally_accounts how);

} // namespace ktally
