// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Inventory: what one instance of the daemon left to the next in an FdStore, as a text: which kernel objects that are,
// by the kernel's own numbers, and what they count.
#pragma once

#include "core/time.hpp"
#include "kernel/account_maps.hpp"
#include "kernel/programs.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

struct Inventory {
    struct Ids {
        std::uint32_t program;
        std::uint32_t link; // 0 for a perf event, which has no number
    };
    struct Object {
        std::uint32_t slots; // the map
        std::vector<Choice> choices;
        std::map<std::string, Ids> programs; // by name, all that are attached
    };

    struct Accounts {
        ktally_accounts how;
        std::string reason;
        std::map<std::string, std::uint32_t> maps; // by name
    };

    std::uint64_t fingerprint;  // of what made it: see KernelSource
    MonotonicTime since;        // when counting began
    bool exit_tells_group_dead; // KernelBtf: what programs there are depends on it
    Object entry;
    Object ret;
    Accounts accounts;

    Variant variant() const { return {exit_tells_group_dead, accounts.how != KTALLY_NO_ACCOUNTS}; }

    std::string text() const;

    // Throws std::runtime_error with the reason if that is not what text() returns.
    static Inventory from(std::string_view text);
};

Inventory::Accounts inventory_of(const AccountMaps &accounts);
Inventory::Object inventory_of(int slots, const Programs &programs);

} // namespace ktally
