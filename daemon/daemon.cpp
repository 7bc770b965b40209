// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon.hpp"

#include "bus/clients.hpp"
#include "core/accounts.hpp"
#include "log.hpp"
#include "message.hpp"
#include "monotonic_clock.hpp"
#include "return_program_record.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ktally {
namespace {

// sd-event may merge timers this far apart; 0 would mean its default of 250 ms.
constexpr std::uint64_t timer_accuracy_usec = 1'000;

int check(int result, const char *what)
{
    if (result < 0)
        throw std::system_error{-result, std::generic_category(), what};
    return result;
}

sd_event *new_event_loop()
{
    sd_event *event = nullptr;
    check(sd_event_new(&event), "creating the event loop");
    return event;
}

std::unique_ptr<sdbus::IConnection> connect()
{
    try {
        return sdbus::createSystemBusConnection();
    } catch (const sdbus::Error &error) {
        throw std::runtime_error{"the system bus cannot be reached: " + error.getMessage() +
                                 "; start dbus, or name another bus in DBUS_SYSTEM_BUS_ADDRESS"};
    }
}

const std::string record_name = "return-program";

void refuse(const std::string &name, const char *why)
{
    const std::string reason = name + ": " + why;
    log::warning("refused what was in the file descriptor store: " + reason,
                 {{"MESSAGE_ID", message::refused}, {"KTALLY_REASON", reason}});
}

// The one that an earlier instance left, or a new one.
Record take_record(ServiceManager &manager)
{
    auto left = manager.take(record_name);
    try {
        if (left.size() == 1)
            return Record{std::move(left.begin()->second)};
        if (left.size() > 1)
            throw std::runtime_error{"there is more than one"};
    } catch (const std::runtime_error &error) {
        refuse(record_name, error.what());
        manager.remove({record_name});
    }
    Record record;
    manager.put(record_name, record.fd());
    return record;
}

// The first sample after a restart is measured from the last before it, and shows everything: who saw that one does not
// know what changed in between.
Sampler first_sampler(const Beginning &beginning, const Record &record, MonotonicTime now, const Totals &totals)
{
    const MonotonicTime last{std::chrono::microseconds{record.stamp()}};
    if (beginning.adopted && beginning.since < last && last < now)
        return {last, std::nullopt};
    return {now, totals};
}

std::string kernel_release()
{
    utsname names{};
    uname(&names);
    return names.release;
}

} // namespace

Daemon::Daemon(ServiceManager &manager, std::unique_ptr<Source> source, const Config &config,
               std::function<Config()> reload, std::chrono::microseconds linger)
    : manager_{manager}, record_{take_record(manager)}, event_{new_event_loop()}, source_{std::move(source)},
      view_{*source_}, units_{source_->accounts(), linger}, processes_{source_->accounts()},
      return_program_{*source_}, config_{config}, reload_{std::move(reload)}, start_{monotonic_now()},
      sampler_{first_sampler(source_->beginning(), record_, start_, view_.totals())}, connection_{connect()},
      bus_id_{bus_id(*connection_)}, service_{*connection_,
                                              event_.get(),
                                              *source_,
                                              view_,
                                              units_,
                                              processes_,
                                              return_program_,
                                              {KTALLY_VERSION, source_->beginning().since, config_.interval},
                                              &monotonic_now,
                                              [this] {
                                                  save_return_program();
                                                  tell_service_manager("STATUS=");
                                              }},
      bus_loop_{event_.get(), *connection_}
{
    watch_signals();
    restore_return_program();
    refuse_the_rest();
    own_name();
    start_sampling();
}

Daemon::~Daemon() = default;

int Daemon::run()
{
    log_start();
    check(sd_event_set_watchdog(event_.get(), true), "setting up the watchdog");
    tell_service_manager("READY=1\nSTATUS=");
    const int code = check(sd_event_loop(event_.get()), "running the event loop");
    manager_.tell("STOPPING=1");
    return code;
}

void Daemon::restore_return_program()
{
    ReturnProgramRecord left{};
    try {
        if (!record_.text().empty())
            left = ReturnProgramRecord::from(record_.text());
    } catch (const std::runtime_error &error) {
        refuse(record_name, error.what());
    }
    // Only after the bus tells us of every client that leaves: nobody leaves unnoticed.
    const auto names = left.bus == bus_id_ ? names_on_bus(*connection_) : std::set<std::string>{};
    std::erase_if(left.state.holds, [&](const auto &hold) { return !names.contains(hold.second.owner); });
    try {
        return_program_.restore(left.state);
    } catch (const std::exception &error) {
        log::warning(std::string{"the return program, which was on, cannot be attached: "} + error.what());
    }
    if (config_.return_program != left.configured)
        service_.manager().configure_return_program(config_.return_program);
    save_return_program();
}

void Daemon::save_return_program()
{
    try {
        record_.write(ReturnProgramRecord{bus_id_, config_.return_program, return_program_.state()}.text());
    } catch (const std::length_error &error) {
        log::warning(std::string{"a restart will forget the switch and the holds of the return program: "} +
                     error.what());
    }
}

// What nobody has taken is not ours.
void Daemon::refuse_the_rest()
{
    for (const auto &[name, fd] : manager_.take("")) {
        manager_.remove({name});
        refuse(name, "it is nothing that ktallyd leaves");
    }
}

void Daemon::own_name()
{
    try {
        connection_->requestName(dbus::ServiceName{bus_name});
    } catch (const sdbus::Error &error) {
        const bool taken =
            error.getName() == "org.freedesktop.DBus.Error.FileExists" || error.getName() == "System.Error.EEXIST";
        throw std::runtime_error{
            taken ? std::string{"the bus name "} + bus_name + " is taken: another ktallyd is running"
                  : std::string{"the bus refuses the name "} + bus_name + ": " + error.getMessage() +
                        "; its policy is in org.ktally1.conf, and only root and the user ktally may own it"};
    }
}

void Daemon::watch_signals()
{
    sigset_t handled;
    sigemptyset(&handled);
    for (int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&handled, signal);
    check(sigprocmask(SIG_BLOCK, &handled, nullptr), "blocking signals");
    for (int signal : {SIGTERM, SIGINT}) // no handler: ends the loop with 0
        check(sd_event_add_signal(event_.get(), nullptr, signal, nullptr, nullptr), "watching signals");
    const auto on_hangup = [](sd_event_source *, const signalfd_siginfo *, void *self) {
        auto &daemon = *static_cast<Daemon *>(self);
        daemon.configure(daemon.reload_());
        return 0;
    };
    check(sd_event_add_signal(event_.get(), nullptr, SIGHUP, on_hangup, this), "watching signals");
}

void Daemon::start_sampling()
{
    due_ = start_ + config_.interval;
    sd_event_source *timer = nullptr;
    const auto on_time = [](sd_event_source *, std::uint64_t, void *self) {
        static_cast<Daemon *>(self)->sample();
        return 0;
    };
    check(sd_event_add_time(event_.get(), &timer, CLOCK_MONOTONIC, usec(due_), timer_accuracy_usec, on_time, this),
          "timing samples");
    timer_.reset(timer);
    check(sd_event_source_set_priority(timer, SD_EVENT_PRIORITY_IMPORTANT), "timing samples"); // before any call
}

void Daemon::sample()
{
    const MonotonicTime now = monotonic_now();
    try {
        service_.publish(sampler_.sample(now, view_.totals()),
                         {config_.zombie_grace, {config_.leak_samples, config_.leak_limit_percent}});
        record_.stamp(usec(now));
    } catch (const std::exception &error) { // the bus's, or of reading accounts
        log::warning(std::string{"a sample could not be published: "} + error.what());
    }
    due_ += config_.interval;
    if (due_ <= now) // the machine slept or the loop was held up: what was missed is in the next sample
        due_ = now + config_.interval;
    check(sd_event_source_set_time(timer_.get(), usec(due_)), "timing samples");
    check(sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT), "timing samples");
}

void Daemon::configure(const Config &config)
{
    tell_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec(monotonic_now())) + "\nSTATUS=");
    const Config before = std::exchange(config_, config);
    if (config_.backend != before.backend || config_.exclude != before.exclude ||
        config_.accounting != before.accounting)
        log::notice("Backend=, Exclude= or Accounting= changed; it takes effect when ktallyd is restarted");
    if (config_.interval != before.interval) {
        due_ = monotonic_now() + config_.interval;
        check(sd_event_source_set_time(timer_.get(), usec(due_)), "timing samples");
        service_.manager().set_interval(config_.interval);
    }
    if (config_.return_program != before.return_program)
        service_.manager().configure_return_program(config_.return_program);
    save_return_program();
    log::info("configuration read again");
    tell_service_manager("READY=1\nSTATUS=");
}

// Ends `state`, which ends in STATUS=, with the truth of the moment.
void Daemon::tell_service_manager(const std::string &state)
{
    manager_.tell(state + "Counting with " + backend_summary(source_->probes()) + ", return program " +
                  (return_program_.active() ? "on" : "off"));
}

void Daemon::log_start() const
{
    const std::vector<Probe> probes = source_->probes();
    for (const Probe &probe : probes) {
        if (probe.state != ProbeState::absent)
            continue;
        const std::string counter =
            std::string{row(probe.counter).interface} + '.' + std::string{row(probe.counter).property};
        log::warning(counter + " is absent: " + probe.reason,
                     {{"MESSAGE_ID", message::absent}, {"KTALLY_COUNTER", counter}, {"KTALLY_REASON", probe.reason}});
    }
    const Accounts::Mechanism accounting = source_->accounts().mechanism();
    if (accounting.state == ProbeState::absent && config_.accounting)
        log::warning(
            "nothing is counted by unit and process: " + accounting.reason,
            {{"MESSAGE_ID", message::absent}, {"KTALLY_COUNTER", "Accounting"}, {"KTALLY_REASON", accounting.reason}});
    const std::string backend = backend_summary(probes);
    const Beginning beginning = source_->beginning();
    const auto present = std::ranges::count_if(probes, [](auto &probe) { return probe.state != ProbeState::absent; });
    if (beginning.refusal)
        log::warning("what an earlier ktallyd left is not taken over, counting starts afresh: " + *beginning.refusal,
                     {{"MESSAGE_ID", message::refused}, {"KTALLY_REASON", *beginning.refusal}});
    log::info((beginning.adopted ? "counting on with " : "counting with ") + backend + ", a sample every " +
                  format_time_span(config_.interval) +
                  (beginning.adopted ? "; " + std::to_string(present) + " counters adopted" : ""),
              {{"MESSAGE_ID", beginning.adopted ? message::adopted : message::started},
               {"KTALLY_BACKEND", backend},
               {"KTALLY_KERNEL", kernel_release()},
               {"KTALLY_COUNTERS", std::to_string(present)},
               {"KTALLY_START_TIMESTAMP_MONOTONIC_USEC", std::to_string(usec(beginning.since))},
               {"KTALLY_INTERVAL_USEC", std::to_string(config_.interval.count())}});
}

} // namespace ktally
