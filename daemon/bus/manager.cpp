// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/manager.hpp"

#include "log.hpp"
#include "message.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>

namespace ktally {
namespace {

constexpr const char *interface_name = org::ktally1::Manager_adaptor::INTERFACE_NAME;
constexpr std::size_t max_reason_bytes = 256;

std::string counter_name(const CounterRow &counter)
{
    return std::string{counter.interface} + '.' + std::string{counter.property};
}

void log_hold(const char *id, const std::string &what, std::uint32_t cookie, const Hold &hold)
{
    const std::string uid = std::to_string(hold.uid);
    log::info("return program " + what + ' ' + hold.owner + ", uid " + uid + ": " + hold.reason,
              {{"MESSAGE_ID", id},
               {"KTALLY_HOLD_COOKIE", std::to_string(cookie)},
               {"KTALLY_HOLD_REASON", hold.reason},
               {"KTALLY_CALLER", hold.owner},
               {"KTALLY_UID", uid}});
}

} // namespace

Manager::Manager(sdbus::IConnection &connection, sd_event *event, const sdbus::ObjectPath &path, Source &source,
                 ReturnProgram &return_program, UnitObjects &units, Facts facts, std::function<MonotonicTime()> now,
                 std::function<void()> on_change)
    : AdaptorInterfaces{connection, path}, source_{source},
      return_program_{return_program}, facts_{std::move(facts)}, now_{std::move(now)}, on_change_{std::move(on_change)},
      questions_{connection, [this](std::uint32_t uid) { return return_program_.holds_of(uid); }},
      accounting_{event, source, units, questions_}
{
    // One match for every client that leaves: a match per holder, added when it asks, misses those that left already.
    constexpr const char *rule = "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                                 "member='NameOwnerChanged',arg2=''";
    departures_ = dbus::add_match(connection, rule, [this](sdbus::Message &message) {
        if (message.getSender() != std::string{"org.freedesktop.DBus"})
            return; // some client's own, sent to us alone: sd-bus takes any unique name for a well-known one
        std::string name;
        message >> name;
        client_left(name);
    });
    registerAdaptor();
}

Manager::~Manager()
{
    unregisterAdaptor();
}

void Manager::publish(const Sample &sample)
{
    emitSampleTaken(usec(sample.taken), static_cast<std::uint64_t>(sample.interval.count()));
}

void Manager::set_interval(std::chrono::microseconds interval)
{
    if (interval == facts_.interval)
        return;
    facts_.interval = interval;
    getObject().emitPropertiesChangedSignal(dbus::InterfaceName{interface_name},
                                            {dbus::PropertyName{"SampleIntervalUSec"}});
}

void Manager::configure_return_program(bool enabled)
{
    try {
        change_return_program("the configuration", 0, [&] { return_program_.set(enabled); });
    } catch (const sdbus::Error &error) {
        log::warning("ReturnProgram=yes cannot be had: " + error.getMessage());
    }
}

void Manager::SetReturnProgram(sdbus::Result<> &&result, bool enabled)
{
    questions_.when_authorized(caller(), "org.ktally1.set-return-program", false, std::move(result),
                               [this, enabled](const Questions::Open &question, const auto &reply) {
                                   change_return_program(question->client, *question->uid,
                                                         [&] { return_program_.set(enabled); });
                                   reply->returnResults();
                               });
}

void Manager::HoldReturnProgram(sdbus::Result<std::uint32_t> &&result, std::string reason)
{
    if (reason.size() > max_reason_bytes)
        throw dbus::error("org.freedesktop.DBus.Error.InvalidArgs", "the reason has " + std::to_string(reason.size()) +
                                                                        " bytes, at most " +
                                                                        std::to_string(max_reason_bytes) + " are kept");
    questions_.when_authorized(caller(), "org.ktally1.hold-return-program", true, std::move(result),
                               [this, reason](const Questions::Open &question, const auto &reply) {
                                   std::uint32_t cookie = 0;
                                   const Hold hold{question->client, *question->uid, reason, now_()};
                                   change_return_program(hold.owner, hold.uid,
                                                         [&] { cookie = return_program_.hold(hold); });
                                   log_hold(message::hold_taken, "is held by", cookie, hold);
                                   reply->returnResults(cookie);
                               });
}

void Manager::ReleaseReturnProgram(const std::uint32_t &cookie)
{
    const std::string client = caller().name;
    const auto found = return_program_.holds().find(cookie);
    const Hold hold = found == return_program_.holds().end() ? Hold{} : found->second;
    change_return_program(client, hold.uid, [&] {
        if (!return_program_.release(client, cookie))
            throw dbus::error("org.ktally1.Error.NoSuchHold",
                              "this client holds nothing under cookie " + std::to_string(cookie));
    });
    log_hold(message::hold_released, "is released by", cookie, hold);
}

void Manager::Subscribe()
{
    dbus::answer_of([this] { accounting_.subscribe(caller().name); });
}

void Manager::Unsubscribe()
{
    accounting_.unsubscribe(caller().name);
}

sdbus::ObjectPath Manager::GetUnit(const std::string &name)
{
    return dbus::answer_of([&] { return accounting_.unit(name); });
}

void Manager::GetUnitByPID(sdbus::Result<sdbus::ObjectPath> &&result, std::uint32_t pid)
{
    dbus::answer_of([&] { accounting_.unit_by_pid(caller(), std::move(result), pid); });
}

void Manager::ListTopProcesses(sdbus::Result<std::vector<Accounting::Row>> &&result, std::string counter,
                               std::uint32_t limit, Accounting::Options options)
{
    accounting_.list_top_processes(caller(), std::move(result), counter, limit, options);
}

std::string Manager::Backend()
{
    return backend_summary(source_.probes());
}

std::vector<std::string> Manager::Features()
{
    const auto counts_ends = [](const Probe &probe) {
        return row(probe.counter).unit != Unit::calls && probe.state != ProbeState::absent;
    };
    std::vector<std::string> features;
    if (std::ranges::any_of(source_.probes(), counts_ends))
        features.emplace_back("return");
    if (accounting_.available())
        features.emplace_back("accounting");
    return features;
}

std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>> Manager::Probes()
{
    std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>> rows;
    for (const Probe &probe : source_.probes())
        rows.emplace_back(counter_name(row(probe.counter)), probe.source, std::string{name(probe.state)}, probe.reason);
    const Accounts::Mechanism accounting = source_.accounts().mechanism();
    rows.emplace_back("Accounting", accounting.source, std::string{name(accounting.state)}, accounting.reason);
    return rows;
}

std::uint64_t Manager::StartTimestampMonotonicUSec()
{
    return usec(facts_.start);
}

std::uint64_t Manager::SampleIntervalUSec()
{
    return static_cast<std::uint64_t>(facts_.interval.count());
}

Manager::Properties Manager::ReturnProgramHolds()
{
    Properties holds;
    for (const auto &[cookie, hold] : return_program_.holds())
        holds.push_back({{"cookie", sdbus::Variant{cookie}},
                         {"owner", sdbus::Variant{hold.owner}},
                         {"uid", sdbus::Variant{hold.uid}},
                         {"reason", sdbus::Variant{hold.reason}},
                         {"since_monotonic_usec", sdbus::Variant{usec(hold.since)}}});
    return holds;
}

Caller Manager::caller() const
{
    return Caller::of(dbus::current_message(getObject()));
}

template <typename Change> void Manager::change_return_program(const std::string &by, std::uint32_t uid, Change change)
{
    const bool was_enabled = return_program_.enabled();
    const bool was_active = return_program_.active();
    const std::size_t had_holds = return_program_.holds().size();
    try {
        change();
    } catch (const sdbus::Error &) {
        throw;
    } catch (const std::exception &error) {
        throw dbus::error("org.ktally1.Error.AttachFailed",
                          std::string{"the return program cannot be attached: "} + error.what());
    }
    std::vector<dbus::PropertyName> changed;
    if (return_program_.enabled() != was_enabled)
        changed.emplace_back("ReturnProgramEnabled");
    if (return_program_.active() != was_active) {
        changed.emplace_back("ReturnProgramActive");
        changed.emplace_back("Probes");
        log::notice(std::string{"return program "} + (was_active ? "off" : "on") + " by " + by + ", uid " +
                        std::to_string(uid),
                    {{"MESSAGE_ID", was_active ? message::return_off : message::return_on},
                     {"KTALLY_RETURN_PROGRAM", was_active ? "off" : "on"},
                     {"KTALLY_CALLER", by},
                     {"KTALLY_UID", std::to_string(uid)}});
    }
    if (return_program_.holds().size() != had_holds)
        changed.emplace_back("ReturnProgramHolds");
    if (changed.empty())
        return;
    on_change_();
    getObject().emitPropertiesChangedSignal(dbus::InterfaceName{interface_name}, changed);
}

void Manager::client_left(const std::string &name)
{
    questions_.client_left(name);
    accounting_.client_left(name);
    std::map<std::uint32_t, Hold> ended;
    std::ranges::copy_if(return_program_.holds(), std::inserter(ended, ended.end()),
                         [&](const auto &hold) { return hold.second.owner == name; });
    if (ended.empty())
        return;
    change_return_program(name, ended.begin()->second.uid, [&] { return_program_.release_all(name); });
    for (const auto &[cookie, hold] : ended)
        log_hold(message::hold_released, "is released by the end of", cookie, hold);
}

} // namespace ktally
