// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/units.hpp"

#include "core/unit_name.hpp"

#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

namespace ktally {

// A cgroup in one update.
struct Units::Node {
    const CgroupAccount &account;
    Place &place;
    std::size_t parent;
    std::size_t children = 0;
    bool below_root = false;
    bool named = false;  // by a task
    bool needed = false; // by one below, whose way to the root leads through it
    Calls ended = {};    // what has ended in it and below
    Calls running = {};  // what tasks in it and below have yet to add to it
};

namespace {

constexpr std::size_t no_parent = std::numeric_limits<std::size_t>::max();

void add(Calls &sum, const Calls &calls)
{
    for (std::size_t call = 0; call < calls.size(); ++call)
        sum[call] += calls[call];
}

Totals totals_of(const Calls &calls)
{
    Totals totals{};
    for (const CounterRow &counter : counters) {
        std::uint64_t &total = totals[static_cast<std::size_t>(counter.counter)];
        if (counter.unit != Unit::calls)
            total = absent_total;
        else
            for (std::size_t call = counter.first; call <= counter.last; ++call)
                total += calls[call];
    }
    return totals;
}

// Each node before its parent. Without those in a circle, which there cannot be.
std::vector<std::size_t> leaves_first_order(const auto &nodes)
{
    std::vector<std::size_t> order;
    order.reserve(nodes.size());
    std::vector<std::size_t> waited_for;
    waited_for.reserve(nodes.size());
    for (std::size_t index = 0; index < nodes.size(); ++index) {
        waited_for.push_back(nodes[index].children);
        if (nodes[index].children == 0)
            order.push_back(index);
    }
    for (std::size_t next = 0; next < order.size(); ++next) {
        const std::size_t parent = nodes[order[next]].parent;
        if (parent != no_parent && --waited_for[parent] == 0)
            order.push_back(parent);
    }
    return order;
}

void add_tasks(auto &nodes, const auto &places, const std::vector<TaskAccount> &tasks)
{
    for (const TaskAccount &task : tasks) {
        const auto found = places.find(task.cgroup);
        if (found == places.end())
            continue;
        auto &node = nodes[found->second.node];
        node.named = true;
        add(node.running, task.calls);
    }
}

void add_up(auto &nodes, const std::vector<std::size_t> &leaves_first)
{
    for (std::size_t index : leaves_first) {
        auto &node = nodes[index];
        add(node.ended, node.account.calls);
        if (node.parent == no_parent)
            continue;
        auto &above = nodes[node.parent];
        add(above.running, node.running);
        // What ended in a removed cgroup has been added to the accounts above. What is below a removed one was removed
        // before it, though it may have been read too early to say so.
        if (!node.account.gone && !above.account.gone)
            add(above.ended, node.ended);
    }
}

std::vector<std::uint64_t> forgettable_cgroups(auto &nodes, const std::vector<std::size_t> &leaves_first)
{
    std::vector<std::uint64_t> forgettable;
    for (std::size_t index : leaves_first) {
        const auto &node = nodes[index];
        if (node.account.gone && !node.named && !node.needed && !node.place.shown)
            forgettable.push_back(node.account.id);
        else if (node.parent != no_parent)
            nodes[node.parent].needed = true;
    }
    return forgettable;
}

// Which of two cgroups a unit's name stands for. A unit that is started again has a new one, with a higher id, beside
// the one that is gone.
bool goes_before(const auto &one, const auto &other)
{
    if (one.account.gone != other.account.gone)
        return other.account.gone;
    if (!one.account.gone && one.place.shown != other.place.shown)
        return one.place.shown;
    return one.account.id > other.account.id;
}

} // namespace

Units::Change Units::update(MonotonicTime now, const std::vector<CgroupAccount> &cgroups,
                            const std::vector<TaskAccount> &tasks)
{
    ++updates_;
    std::vector<Node> nodes = tree(cgroups);
    const std::vector<std::size_t> leaves_first = leaves_first_order(nodes);
    find_places(nodes, leaves_first);
    add_tasks(nodes, places_, tasks);
    add_up(nodes, leaves_first);
    Change change;
    show(now, nodes, change);
    linger(now, nodes, change);
    std::ranges::sort(change.removed);
    std::ranges::sort(change.added);
    change.forgettable = forgettable_cgroups(nodes, leaves_first);
    return change;
}

std::string Units::name_of_cgroup(std::uint64_t id) const
{
    const auto found = places_.find(id);
    return found == places_.end() ? "" : found->second.unit;
}

std::vector<Units::Node> Units::tree(const std::vector<CgroupAccount> &cgroups)
{
    std::vector<Node> nodes;
    nodes.reserve(cgroups.size());
    for (const CgroupAccount &account : cgroups) {
        Place &place = places_[account.id];
        if (std::exchange(place.updated, updates_) == updates_)
            continue; // read twice, while others came and went
        place.node = nodes.size();
        nodes.push_back({account, place, no_parent});
    }
    if (places_.size() > nodes.size())
        std::erase_if(places_, [this](const auto &entry) { return entry.second.updated != updates_; });
    for (Node &node : nodes) {
        const auto parent = node.account.parent == 0 ? places_.end() : places_.find(node.account.parent);
        if (parent == places_.end())
            continue;
        node.parent = parent->second.node;
        ++nodes[node.parent].children;
    }
    return nodes;
}

void Units::find_places(std::vector<Node> &nodes, const std::vector<std::size_t> &leaves_first) const
{
    for (std::size_t index : std::views::reverse(leaves_first)) {
        Node &node = nodes[index];
        const bool is_root = node.account.id == root_;
        node.below_root = is_root || (node.parent != no_parent && nodes[node.parent].below_root);
        if (!node.below_root || !node.place.path.empty())
            continue;
        if (!is_root && nodes[node.parent].account.id != root_)
            node.place.path = nodes[node.parent].place.path;
        node.place.path.append("/").append(is_root ? "" : node.account.name);
        UnitName unit = unit_of_cgroup(node.place.path);
        node.place.own = unit.cgroup.size() == node.place.path.size();
        node.place.unit = std::move(unit.name);
    }
}

void Units::show(MonotonicTime now, const std::vector<Node> &nodes, Change &change)
{
    std::unordered_map<std::string_view, const Node *> chosen; // by the name of the unit
    chosen.reserve(nodes.size());
    for (const Node &node : nodes) {
        if (!node.below_root || !node.place.own || node.place.over)
            continue;
        const auto [place, only] = chosen.try_emplace(node.place.unit, &node);
        if (only)
            continue;
        const Node *other = &node;
        if (goes_before(node, *place->second))
            std::swap(other, place->second);
        other->place.shown = false;
        other->place.over = other->account.gone;
    }
    for (const auto &[name, node] : chosen) {
        auto shown = units_.find(name);
        if (shown != units_.end() && shown->second.cgroup_id != node->account.id) {
            change.removed.push_back(shown->first);
            units_.erase(shown);
            shown = units_.end();
        }
        if (shown == units_.end()) {
            change.added.emplace_back(name);
            shown =
                units_.emplace(name, UnitAccount{std::string{name}, node->place.path, node->account.id, now, {}, {}})
                    .first;
            node->place.shown = true;
        }
        UnitAccount &unit = shown->second;
        if (!node->account.gone)
            unit.gone.reset();
        else if (!unit.gone)
            unit.gone = now;
        // A task that ends between the reading of cgroups and of tasks is in neither, this time.
        Calls calls = node->ended;
        add(calls, node->running);
        const Totals totals = totals_of(calls);
        std::ranges::transform(totals, unit.totals, unit.totals.begin(),
                               [](std::uint64_t one, std::uint64_t other) { return std::max(one, other); });
    }
}

void Units::linger(MonotonicTime now, const std::vector<Node> &nodes, Change &change)
{
    for (auto each = units_.begin(); each != units_.end();) {
        UnitAccount &unit = each->second;
        const auto place = places_.find(unit.cgroup_id);
        const bool known = place != places_.end();
        if (!unit.gone && !(known && nodes[place->second.node].below_root))
            unit.gone = now;
        if (!unit.gone || now - *unit.gone < linger_) {
            ++each;
            continue;
        }
        if (known) {
            place->second.shown = false;
            place->second.over = true;
        }
        change.removed.push_back(unit.name);
        each = units_.erase(each);
    }
}

} // namespace ktally
