// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon.hpp"

#include "log.hpp"

#include <systemd/sd-daemon.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
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

MonotonicTime monotonic_now()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return MonotonicTime{std::chrono::seconds{now.tv_sec} +
                         std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds{now.tv_nsec})};
}

std::uint64_t usec(MonotonicTime time)
{
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
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

} // namespace

Daemon::Daemon(std::unique_ptr<Source> source, const Config &config, std::function<Config()> reload)
    : event_{new_event_loop()}, source_{std::move(source)}, view_{*source_}, return_program_{*source_}, config_{config},
      reload_{std::move(reload)}, start_{monotonic_now()}, sampler_{start_, view_.totals()},
      connection_{connect()}, service_{*connection_,
                                       *source_,
                                       view_,
                                       return_program_,
                                       {KTALLY_VERSION, start_, config_.interval},
                                       &monotonic_now,
                                       [this] { tell_service_manager("STATUS="); }},
      bus_loop_{event_.get(), *connection_}
{
    watch_signals();
    if (config_.return_program)
        service_.manager().configure_return_program(true);
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
    sd_notify(0, "STOPPING=1");
    return code;
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
}

void Daemon::sample()
{
    const MonotonicTime now = monotonic_now();
    try {
        service_.publish(sampler_.sample(now, view_.totals()));
    } catch (const sdbus::Error &error) {
        log::warning("a sample could not be published: " + error.getMessage());
    }
    due_ += config_.interval;
    if (due_ <= now) // the machine slept or the loop was held up: what was missed is in the next sample
        due_ = now + config_.interval;
    check(sd_event_source_set_time(timer_.get(), usec(due_)), "timing samples");
    check(sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT), "timing samples");
}

void Daemon::configure(const Config &config)
{
    tell_service_manager(
        ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec(monotonic_now())) + "\nSTATUS=").c_str());
    const Config before = std::exchange(config_, config);
    if (config_.backend != before.backend || config_.exclude != before.exclude)
        log::notice("Backend= or Exclude= changed; it takes effect when ktallyd is restarted");
    if (config_.interval != before.interval) {
        due_ = monotonic_now() + config_.interval;
        check(sd_event_source_set_time(timer_.get(), usec(due_)), "timing samples");
        service_.manager().set_interval(config_.interval);
    }
    if (config_.return_program != before.return_program)
        service_.manager().configure_return_program(config_.return_program);
    log::info("configuration read again");
    tell_service_manager("READY=1\nSTATUS=");
}

// Ends `state`, which ends in STATUS=, with the truth of the moment.
void Daemon::tell_service_manager(const char *state)
{
    sd_notifyf(0, "%sCounting with %s, return program %s", state, backend_summary(source_->probes()).c_str(),
               return_program_.active() ? "on" : "off");
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
                     {{"KTALLY_COUNTER", counter}, {"KTALLY_REASON", probe.reason}});
    }
    const std::string backend = backend_summary(probes);
    log::info("counting with " + backend + ", a sample every " + format_time_span(config_.interval),
              {{"KTALLY_BACKEND", backend}, {"KTALLY_INTERVAL_USEC", std::to_string(config_.interval.count())}});
}

} // namespace ktally
