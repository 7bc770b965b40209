// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service_fixture.hpp"

#include "eventually.hpp"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string_view>

namespace ktally::test {
namespace {

namespace fs = std::filesystem;

const fs::path drop_ins = "/run/systemd/system/ktallyd.service.d";
const fs::path configuration = "/etc/ktally/ktallyd.conf.d";

std::vector<std::string> lines(const std::string &text)
{
    std::vector<std::string> found;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);)
        found.push_back(line);
    return found;
}

// Of systemd itself and in the way of systemctl, whatever the bus does, but without a process for each question, which
// would hold up what is waited for. 0 if the daemon is not active.
pid_t active_main_pid()
{
    constexpr const char *systemd = "org.freedesktop.systemd1";
    constexpr const char *unit = "/org/freedesktop/systemd1/unit/ktallyd_2eservice";
    sd_bus *opened = nullptr;
    sd_bus_new(&opened);
    sd_bus_set_address(opened, "unix:path=/run/systemd/private");
    sd_bus_start(opened);
    const std::unique_ptr<sd_bus, decltype(&sd_bus_flush_close_unref)> bus{opened, sd_bus_flush_close_unref};
    std::uint32_t pid = 0;
    char *text = nullptr;
    sd_bus_get_property_trivial(bus.get(), systemd, unit, "org.freedesktop.systemd1.Service", "MainPID", nullptr, 'u',
                                &pid);
    sd_bus_get_property_string(bus.get(), systemd, unit, "org.freedesktop.systemd1.Unit", "ActiveState", nullptr,
                               &text);
    const std::unique_ptr<char, decltype(&std::free)> state{text, std::free};
    return state && std::string_view{state.get()} == "active" ? static_cast<pid_t>(pid) : 0;
}

} // namespace

std::string output(const std::vector<std::string> &command)
{
    const Finished finished = run(command, machine_patience);
    EXPECT_EQ(finished.status, 0) << finished.text;
    return finished.text;
}

Finished finished(const std::vector<std::string> &command)
{
    return run(command, machine_patience);
}

void Service::SetUp()
{
    // Not a cursor: with a match, journalctl 252 passes over the first entry behind one.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    since_ =
        "--since=@" + std::to_string(usec / 1'000'000) + '.' + std::to_string(1'000'000 + usec % 1'000'000).substr(1);
    client_.connect();
}

void Service::TearDown()
{
    const std::string said = journal();
    EXPECT_EQ(said.find("Sanitizer"), std::string::npos);
    EXPECT_EQ(said.find("runtime error"), std::string::npos);
    if (HasFailure())
        std::cerr << "the journal of ktallyd:\n"
                  << finished({"journalctl", since_, "--no-pager", "--unit=ktallyd", "--output=short-monotonic"}).text;
    stop();
    fs::remove_all(configuration);
    if (fs::remove_all(drop_ins) > 0)
        output({"systemctl", "daemon-reload"});
    finished({"systemctl", "reset-failed", "ktallyd"});
}

void Service::drop_in(const std::string &text)
{
    fs::create_directories(drop_ins);
    std::ofstream{drop_ins / "test.conf", std::ios::app} << text;
    output({"systemctl", "daemon-reload"});
}

void Service::configure(const std::string &text)
{
    fs::create_directories(configuration);
    std::ofstream{configuration / "test.conf"} << "[Daemon]\n" << text;
}

void Service::start()
{
    output({"systemctl", "start", "ktallyd"});
}

std::string Service::show(const std::string &property)
{
    std::string text = output({"systemctl", "show", "ktallyd", "--value", "--property=" + property});
    text.pop_back();
    return text;
}

pid_t Service::successor(pid_t pid)
{
    pid_t now = 0;
    const bool there = eventually(
        [&] {
            now = active_main_pid();
            return now != 0 && now != pid;
        },
        machine_patience);
    return there ? now : 0;
}

std::string Service::journal()
{
    output({"journalctl", "--sync"});
    return output({"journalctl", since_, "--no-pager", "--unit=ktallyd", "--output=json"});
}

std::vector<std::string> Service::entries(const std::string &match)
{
    output({"journalctl", "--sync"});
    return lines(output(
        {"journalctl", since_, "--no-pager", "--quiet", "--output=cat", "_SYSTEMD_UNIT=ktallyd.service", match}));
}

} // namespace ktally::test
