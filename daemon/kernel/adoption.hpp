// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Adoption: takes over what an earlier instance left in an FdStore, so that what was counted meanwhile is not lost.
// Nothing in the store is believed: each descriptor must be of the object that the inventory names.
#pragma once

#include "keep/fd_store.hpp"
#include "kernel/account_maps.hpp"
#include "kernel/inventory.hpp"

#include <map>
#include <string>
#include <vector>

namespace ktally {

// The names in the store. All begin with this.
inline constexpr const char *kernel_prefix = "kernel/";
inline const std::string inventory_name = "kernel/inventory";
inline const std::string entry_slots_name = "kernel/entry-slots";
inline const std::string return_slots_name = "kernel/return-slots";
std::string program_name(const std::string &program);
std::string map_name(const std::string &map);
std::string link_name(const std::string &program);

// What was left, and not taken yet.
class Left {
public:
    explicit Left(FdStore &store) : fds_{store.take(kernel_prefix)} {}

    bool empty() const { return fds_.empty(); }
    std::vector<std::string> names() const;

    // Calls use(Fd) with what was left under that name. Throws std::runtime_error, with the name and the reason, if
    // there is not just one or if `use` throws.
    template <typename Use> auto take(const std::string &name, Use use)
    {
        Fd fd = take(name);
        try {
            return use(std::move(fd));
        } catch (const std::exception &error) {
            throw std::runtime_error{name + ": " + error.what()};
        }
    }

private:
    Fd take(const std::string &name);

    std::multimap<std::string, Fd> fds_;
};

AccountMaps adopt_accounts(const Inventory &inventory, Left &left);

// The programs of one object, attached as they are.
Programs adopt(const Inventory &inventory, const Inventory::Object &object, Left &left);

} // namespace ktally
