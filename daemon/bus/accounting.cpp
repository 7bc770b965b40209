// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/accounting.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>

namespace ktally {
namespace {

constexpr std::chrono::microseconds longest_reading = std::chrono::minutes{1};

sdbus::Error invalid(const std::string &why)
{
    return dbus::error("org.freedesktop.DBus.Error.InvalidArgs", why);
}

sdbus::Error no_such_unit(const std::string &why)
{
    return dbus::error("org.ktally1.Error.NoSuchUnit", why);
}

sdbus::Error not_supported(const std::string &why)
{
    return dbus::error("org.freedesktop.DBus.Error.NotSupported", why);
}

// The options of ListTopProcesses.
struct TopOptions {
    std::chrono::microseconds interval{}; // none: since each process began
    bool own = false;

    explicit TopOptions(const Accounting::Options &options)
    {
        for (const auto &[key, value] : options) {
            if (key == "interval_usec")
                interval = reading(take<std::uint64_t>(key, value, "t"));
            else if (key == "own")
                own = take<bool>(key, value, "b");
            else
                throw invalid("there is no option " + key + ", only interval_usec (t) and own (b)");
        }
    }

private:
    template <typename Type>
    static Type take(const std::string &key, const sdbus::Variant &value, const std::string &type)
    {
        if (!value.containsValueOfType<Type>())
            throw invalid("the option " + key + " is of type " + std::string{value.peekValueType()} + ", not " + type);
        return value.get<Type>();
    }

    static std::chrono::microseconds reading(std::uint64_t time)
    {
        constexpr auto longest = static_cast<std::uint64_t>(longest_reading.count());
        if (time < 1 || time > longest)
            throw invalid("interval_usec is " + std::to_string(time) + ", not 1 to " + std::to_string(longest));
        return std::chrono::microseconds{time};
    }
};

} // namespace

bool Accounting::available() const
{
    return source_.accounts().mechanism().state != ProbeState::absent;
}

void Accounting::subscribe(const std::string &client)
{
    units_.subscribe(true);
    subscribers_.insert(client);
}

void Accounting::unsubscribe(const std::string &client)
{
    if (subscribers_.erase(client) == 0)
        throw dbus::error("org.ktally1.Error.NotSubscribed", "this client has not subscribed");
    units_.subscribe(!subscribers_.empty());
}

void Accounting::client_left(const std::string &client)
{
    if (subscribers_.erase(client) > 0)
        units_.subscribe(!subscribers_.empty());
}

sdbus::ObjectPath Accounting::unit(const std::string &name)
{
    const auto path = units_.path_of(name);
    if (!path)
        throw no_such_unit(available() ? "there is no unit " + name + " with a cgroup" : absence());
    return sdbus::ObjectPath{*path};
}

void Accounting::unit_by_pid(const Caller &caller, UnitResult &&result, std::uint32_t pid)
{
    if (pid != 0) {
        result.returnResults(unit_of_process(pid));
        return;
    }
    questions_.when_process_known(caller, std::move(result), [this](std::uint32_t own, const auto &reply) {
        reply->returnResults(unit_of_process(own));
    });
}

sdbus::ObjectPath Accounting::unit_of_process(std::uint32_t pid)
{
    if (!available())
        throw no_such_unit(absence());
    const auto path = units_.path_of_process(pid);
    if (!path)
        throw no_such_unit("there is no process " + std::to_string(pid) + " in the cgroup of a unit");
    return sdbus::ObjectPath{*path};
}

void Accounting::list_top_processes(const Caller &caller, TopResult &&result, const std::string &counter,
                                    std::uint32_t limit, const Options &options)
{
    const ProcessCounter by = counter_of_processes(counter);
    const TopOptions wanted{options};
    if (!available())
        throw not_supported(absence());
    const auto list = [this, by, limit, wanted](const Questions::Open &question, const auto &reply) {
        const auto uid = wanted.own ? question->uid : std::nullopt;
        const auto now = [this, by, uid] { return count_processes(source_.accounts(), by, uid); };
        if (wanted.interval == std::chrono::microseconds::zero()) {
            reply->returnResults(rows(top(now(), limit)));
            return;
        }
        // The question is kept, and so counts, until its time has come.
        timers_.after(wanted.interval, [this, question, reply, now, limit, earlier = earlier_counts(now())] {
            if (question->gone)
                return;
            try {
                reply->returnResults(rows(top(since(now(), earlier), limit)));
            } catch (const std::exception &error) {
                reply->returnError(dbus::error("org.freedesktop.DBus.Error.Failed", error.what()));
            }
        });
    };
    questions_.when_authorized(caller, wanted.own ? "" : "org.ktally1.inspect-processes", false, std::move(result),
                               list);
}

ProcessCounter Accounting::counter_of_processes(const std::string &name) const
{
    const std::vector<ProcessCounter> all = process_counters();
    const auto found = std::ranges::find(all, name, &ProcessCounter::name);
    if (found == all.end()) {
        std::string names;
        for (const ProcessCounter &counter : all)
            names.append(names.empty() ? "" : ", ").append(counter.name);
        throw invalid("processes have no counter " + name + ", only " + names);
    }
    for (const Probe &probe : source_.probes())
        if (found->calls && probe.counter == found->calls->counter && probe.state == ProbeState::absent)
            throw not_supported(name + " is absent: " + probe.reason);
    return *found;
}

std::string Accounting::absence() const
{
    return "accounting is absent: " + source_.accounts().mechanism().reason;
}

std::vector<Accounting::Row> Accounting::rows(const std::vector<ProcessCount> &counts)
{
    units_.read();
    std::vector<Row> rows;
    for (const auto &[process, count] : counts)
        rows.emplace_back(process.pid, valid_utf8(process.name), units_.units().name_of_cgroup(process.cgroup), count,
                          Options{{"uid", sdbus::Variant{process.uid}},
                                  {"parent_pid", sdbus::Variant{process.parent}},
                                  {"descriptors", sdbus::Variant{process.descriptors}},
                                  {"descriptor_limit", sdbus::Variant{process.descriptor_limit}}});
    return rows;
}

} // namespace ktally
