// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/manager.hpp"

#include "log.hpp"
#include "message.hpp"

#include <algorithm>
#include <exception>
#include <memory>

namespace ktally {
namespace {

constexpr const char *interface_name = org::ktally1::Manager_adaptor::INTERFACE_NAME;
constexpr std::size_t max_reason_bytes = 256;

std::uint64_t usec(MonotonicTime time)
{
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

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

Manager::Manager(sdbus::IConnection &connection, const sdbus::ObjectPath &path, Source &source,
                 ReturnProgram &return_program, Facts facts, std::function<MonotonicTime()> now,
                 std::function<void()> on_change)
    : AdaptorInterfaces{connection, path}, source_{source}, return_program_{return_program}, facts_{std::move(facts)},
      now_{std::move(now)}, on_change_{std::move(on_change)}, authority_{connection}
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
    when_authorized("org.ktally1.set-return-program", std::move(result),
                    [this, enabled](const Caller &caller, std::uint32_t uid, const auto &reply) {
                        change_return_program(caller.name, uid, [&] { return_program_.set(enabled); });
                        reply.returnResults();
                    });
}

void Manager::HoldReturnProgram(sdbus::Result<std::uint32_t> &&result, std::string reason)
{
    if (reason.size() > max_reason_bytes)
        throw dbus::error("org.freedesktop.DBus.Error.InvalidArgs", "the reason has " + std::to_string(reason.size()) +
                                                                        " bytes, at most " +
                                                                        std::to_string(max_reason_bytes) + " are kept");
    when_authorized("org.ktally1.hold-return-program", std::move(result),
                    [this, reason](const Caller &caller, std::uint32_t uid, const auto &reply) {
                        std::uint32_t cookie = 0;
                        const Hold hold{caller.name, uid, reason, now_()};
                        change_return_program(caller.name, uid, [&] { cookie = return_program_.hold(hold); });
                        log_hold(message::hold_taken, "is held by", cookie, hold);
                        reply.returnResults(cookie);
                    });
}

void Manager::ReleaseReturnProgram(const std::uint32_t &cookie)
{
    const std::string caller = dbus::current_message(getObject()).getSender();
    const auto found = return_program_.holds().find(cookie);
    const Hold hold = found == return_program_.holds().end() ? Hold{} : found->second;
    change_return_program(caller, hold.uid, [&] {
        if (!return_program_.release(caller, cookie))
            throw dbus::error("org.ktally1.Error.NoSuchHold",
                              "this client holds nothing under cookie " + std::to_string(cookie));
    });
    log_hold(message::hold_released, "is released by", cookie, hold);
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
    if (std::ranges::any_of(source_.probes(), counts_ends))
        return {"return"};
    return {};
}

std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>> Manager::Probes()
{
    std::vector<sdbus::Struct<std::string, std::string, std::string, std::string>> rows;
    for (const Probe &probe : source_.probes())
        rows.emplace_back(counter_name(row(probe.counter)), probe.source, std::string{name(probe.state)}, probe.reason);
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

template <typename Result, typename Act> void Manager::when_authorized(const char *action, Result &&result, Act act)
{
    questions_.push_back({Caller::of(dbus::current_message(getObject()))});
    const auto question = std::prev(questions_.end());
    // The answer's function must be copyable, a Result is not.
    const auto reply = std::make_shared<std::decay_t<Result>>(std::forward<Result>(result));
    authority_.ask(question->caller, action,
                   [this, question, reply, act](std::uint32_t uid, const std::optional<sdbus::Error> &refused) {
                       const Question asked = *question;
                       questions_.erase(question);
                       if (asked.gone)
                           return; // nobody is left to be answered, and a hold would never end
                       try {
                           if (refused)
                               throw *refused;
                           act(asked.caller, uid, *reply);
                       } catch (const sdbus::Error &error) {
                           reply->returnError(error);
                       }
                   });
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
    for (Question &question : questions_)
        if (question.caller.name == name)
            question.gone = true;
    std::map<std::uint32_t, Hold> holds = return_program_.holds();
    std::erase_if(holds, [&](const auto &hold) { return hold.second.owner != name; });
    if (holds.empty())
        return;
    change_return_program(name, holds.begin()->second.uid, [&] { return_program_.release_all(name); });
    for (const auto &[cookie, hold] : holds)
        log_hold(message::hold_released, "is released by the end of", cookie, hold);
}

} // namespace ktally
