// SPDX-License-Identifier: LGPL-2.1-or-later
#include "crowd.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace ktally::test {
namespace {

// dbus-daemon takes 256 connections of each.
constexpr std::array<uid_t, 4> users{0, 1, 2, nobody};

void allow_many_files()
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

Crowd::Crowd(std::size_t clients, std::size_t pollers, std::chrono::milliseconds period)
    : period_{period}, epoll_{epoll_create1(EPOLL_CLOEXEC)}, pollers_{pollers}
{
    allow_many_files();
    const auto start = Clock::now();
    while (members_.size() < clients) {
        const std::size_t index = members_.size();
        members_.push_back(std::make_unique<Member>(*this, Client{users[index % users.size()]}));
        Member &member = *members_.back();
        watch_samples(member);
        if (index < pollers)
            member.due = start + period * index / pollers;
    }
}

Crowd::~Crowd()
{
    close(epoll_);
}

void Crowd::watch_samples(Member &member)
{
    sd_bus *bus = member.client.bus();
    epoll_event event{EPOLLIN, {.ptr = &member}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, sd_bus_get_fd(bus), &event) != 0)
        throw std::system_error{errno, std::generic_category(), "watching a client"};
    const int error = sd_bus_match_signal(bus, nullptr, "org.ktally1", "/org/ktally1", "org.ktally1.Manager",
                                          "SampleTaken", &on_sample, &member);
    if (error < 0)
        throw std::system_error{-error, std::generic_category(), "watching samples"};
}

bool Crowd::until(const std::function<bool()> &condition, std::chrono::milliseconds patience)
{
    for (const auto end = Clock::now() + stretched(patience); !condition();) {
        if (Clock::now() > end)
            return false;
        const auto next = std::min(call_those_due(), Clock::now() + std::chrono::milliseconds{10});
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
        std::array<epoll_event, 64> events;
        const int ready = epoll_wait(epoll_, events.data(), events.size(), std::max(0, static_cast<int>(left.count())));
        for (int index = 0; index < ready; ++index)
            while (sd_bus_process(static_cast<Member *>(events[static_cast<std::size_t>(index)].data.ptr)->client.bus(),
                                  nullptr) > 0) {
            }
    }
    return true;
}

// Returns when the next is.
Crowd::Clock::time_point Crowd::call_those_due()
{
    auto next = Clock::time_point::max();
    for (std::size_t index = 0; index < pollers_; ++index) {
        Member &member = *members_[index];
        if (member.due <= Clock::now())
            call(member);
        next = std::min(next, member.due);
    }
    return next;
}

void Crowd::call(Member &member)
{
    member.due = Clock::time_point::max();
    member.called = Clock::now();
    const Message call = member.client.method("org.freedesktop.DBus.Properties", "GetAll", "s", "org.ktally1.Vfs");
    const int error = sd_bus_call_async(member.client.bus(), nullptr, call.get(), &on_reply, &member, 0);
    if (error < 0)
        throw std::system_error{-error, std::generic_category(), "calling GetAll"};
}

int Crowd::on_sample(sd_bus_message *message, void *data, sd_bus_error *)
{
    Member &member = *static_cast<Member *>(data);
    std::uint64_t taken = 0, interval = 0;
    sd_bus_message_read(message, "tt", &taken, &interval);
    if (member.samples > 0 && taken - member.last_usec != interval)
        ++member.missed;
    ++member.samples;
    member.last_usec = taken;
    member.longest_usec = std::max(member.longest_usec, interval);
    return 0;
}

int Crowd::on_reply(sd_bus_message *message, void *data, sd_bus_error *)
{
    Member &member = *static_cast<Member *>(data);
    const auto now = Clock::now();
    if (sd_bus_message_is_method_error(message, nullptr))
        ++member.crowd.refused_;
    member.crowd.latencies_.push_back(std::chrono::floor<std::chrono::microseconds>(now - member.called));
    member.due = std::max(now, member.called + member.crowd.period_);
    return 0;
}

std::size_t Crowd::fewest_samples() const
{
    return (*std::ranges::min_element(members_, {}, [](const auto &member) { return member->samples; }))->samples;
}

std::size_t Crowd::missed() const
{
    std::size_t missed = 0;
    for (const auto &member : members_)
        missed += member->missed;
    return missed;
}

std::chrono::microseconds Crowd::longest_interval() const
{
    const auto longest =
        std::ranges::max_element(members_, {}, [](const auto &member) { return member->longest_usec; });
    return std::chrono::microseconds{(*longest)->longest_usec};
}

} // namespace ktally::test
