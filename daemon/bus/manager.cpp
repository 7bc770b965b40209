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

sdbus::Error limits_exceeded(const std::string &who, std::size_t held, std::size_t open)
{
    return dbus::error("org.freedesktop.DBus.Error.LimitsExceeded",
                       who + " has " + std::to_string(held) + " holds of the return program and " +
                           std::to_string(open) + " calls that are not answered yet, at most " +
                           std::to_string(max_holds_per_user) + " of both are allowed");
}

sdbus::Error not_yet()
{
    return dbus::error("org.freedesktop.DBus.Error.NotSupported", "not yet");
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
    const auto holds_nothing = [](std::uint32_t) { return std::size_t{0}; };
    when_authorized("org.ktally1.set-return-program", std::move(result), holds_nothing,
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
    const auto holds = [this](std::uint32_t uid) { return return_program_.holds_of(uid); };
    when_authorized("org.ktally1.hold-return-program", std::move(result), holds,
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

void Manager::Subscribe()
{
    throw not_yet();
}

void Manager::Unsubscribe()
{
    throw not_yet();
}

sdbus::ObjectPath Manager::GetUnit(const std::string &)
{
    throw not_yet();
}

void Manager::GetUnitByPID(sdbus::Result<sdbus::ObjectPath> &&result, std::uint32_t)
{
    result.returnError(not_yet());
}

void Manager::ListTopProcesses(sdbus::Result<std::vector<TopRow>> &&result, std::string, std::uint32_t,
                               std::map<std::string, sdbus::Variant>)
{
    result.returnError(not_yet());
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

template <typename Result, typename Held, typename Act>
void Manager::when_authorized(const char *action, Result &&result, Held held, Act act)
{
    const auto open = [this](const auto &of) {
        return static_cast<std::size_t>(std::ranges::count_if(questions_, of));
    };
    // Until the bus has said whose client it is, which may take as long as its queue is, each has a limit of its own.
    const Caller caller = Caller::of(dbus::current_message(getObject()));
    const std::size_t waiting = open([&](const Question &question) { return question.caller.name == caller.name; });
    if (waiting >= max_holds_per_user)
        throw limits_exceeded(caller.name, 0, waiting);
    questions_.push_back({caller, std::nullopt});
    const auto question = std::prev(questions_.end());
    const auto admit = [open, question, held](std::uint32_t uid) -> std::optional<sdbus::Error> {
        const std::size_t others = open([&](const Question &other) { return other.uid == uid; });
        if (held(uid) + others >= max_holds_per_user)
            return limits_exceeded("uid " + std::to_string(uid), held(uid), others);
        question->uid = uid;
        return std::nullopt;
    };
    // The answer's function must be copyable, a Result is not.
    const auto reply = std::make_shared<std::decay_t<Result>>(std::forward<Result>(result));
    authority_.ask(caller, action, admit,
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
