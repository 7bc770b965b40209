// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service_fixture.hpp"

#include "eventually.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

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
    fs::remove_all(drop_ins);
    fs::remove_all(configuration);
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
            const auto state = lines(output({"systemctl", "show", "ktallyd", "--property=MainPID,ActiveState"}));
            const auto main = std::ranges::find_if(state, [](auto &line) { return line.starts_with("MainPID="); });
            now = std::stoi(main->substr(8));
            return now != 0 && now != pid && std::ranges::find(state, "ActiveState=active") != state.end();
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
