// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/inventory.hpp"

#include "kernel/info.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace ktally {

using nlohmann::json;

void to_json(json &to, const Target &from)
{
    to = {from.program, from.name};
}

void from_json(const json &from, Target &to)
{
    from.at(0).get_to(to.program);
    from.at(1).get_to(to.name);
}

void to_json(json &to, const Choice &from)
{
    to = {{"exit", from.at == At::exit}, {"first", from.first},
          {"last", from.last},           {"backend", from.backend ? json(*from.backend) : json()},
          {"targets", from.targets},     {"reason", from.reason}};
}

void from_json(const json &from, Choice &to)
{
    to.at = At{from.at("exit").get<bool>()};
    from.at("first").get_to(to.first);
    from.at("last").get_to(to.last);
    if (const json &backend = from.at("backend"); !backend.is_null())
        to.backend = backend.get<Backend>();
    from.at("targets").get_to(to.targets);
    from.at("reason").get_to(to.reason);
}

void to_json(json &to, const Inventory::Ids &from)
{
    to = {from.program, from.link};
}

void from_json(const json &from, Inventory::Ids &to)
{
    from.at(0).get_to(to.program);
    from.at(1).get_to(to.link);
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Inventory::Object, slots, choices, programs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Inventory::Accounts, how, reason, maps)

namespace {

// Each counter finds its choice, and each choice is one that this daemon could have made.
void check_choices(const std::vector<Choice> &choices, At at)
{
    for (const Choice &choice : choices) {
        const bool known = choice.at == at && choice.first < KTALLY_CALLS && choice.last < KTALLY_CALLS &&
                           choice.first <= choice.last &&
                           (!choice.backend || (*choice.backend <= backends.back() && !choice.targets.empty()));
        if (!known)
            throw std::runtime_error{"it counts what this daemon does not know"};
    }
    for (const CounterRow &counter : counters) {
        if ((counter.unit == Unit::calls) != (at == At::entry))
            continue;
        const auto counts = [&](const Choice &choice) {
            return choice.first == counter.first && choice.last == counter.last;
        };
        if (std::ranges::count_if(choices, counts) != 1)
            throw std::runtime_error{"it does not count " + std::string{counter.property}};
    }
}

} // namespace

std::string Inventory::text() const
{
    return json{{"fingerprint", fingerprint},
                {"since_monotonic_usec", since.time_since_epoch().count()},
                {"exit_tells_group_dead", exit_tells_group_dead},
                {"entry", entry},
                {"return", ret},
                {"accounts", accounts}}
        .dump();
}

Inventory Inventory::from(std::string_view text)
{
    try {
        const json from = json::parse(text);
        Inventory inventory{
            from.at("fingerprint").get<std::uint64_t>(),
            MonotonicTime{std::chrono::microseconds{from.at("since_monotonic_usec").get<std::int64_t>()}},
            from.at("exit_tells_group_dead").get<bool>(),
            from.at("entry").get<Object>(),
            from.at("return").get<Object>(),
            from.at("accounts").get<Accounts>()};
        if (inventory.accounts.how > KTALLY_TASK_HASH)
            throw std::runtime_error{"it counts in a way that this daemon does not know"};
        check_choices(inventory.entry.choices, At::entry);
        check_choices(inventory.ret.choices, At::exit);
        return inventory;
    } catch (const json::exception &error) {
        throw std::runtime_error{std::string{"it makes no sense ("} + error.what() + ')'};
    }
}

Inventory::Accounts inventory_of(const AccountMaps &accounts)
{
    Inventory::Accounts inventory{accounts.how(), accounts.reason(), {}};
    for (const auto &[name, fd] : accounts.all())
        inventory.maps.emplace(name, info_of<bpf_map_info>(fd.get()).id);
    return inventory;
}

Inventory::Object inventory_of(int slots, const Programs &programs)
{
    Inventory::Object object{info_of<bpf_map_info>(slots).id, programs.choices(), {}};
    for (const auto &[name, attached] : programs.all_attached()) {
        bpf_link_info link{};
        unsigned size = sizeof link;
        if (bpf_obj_get_info_by_fd(attached.link, &link, &size) != 0)
            link.id = 0;
        object.programs.emplace(name, Inventory::Ids{info_of<bpf_prog_info>(attached.program).id, link.id});
    }
    return object;
}

} // namespace ktally
