// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ktallyctl: the command line of ktallyd. See ktallyctl(1). Arguments here, each command in a file of its own.
#include "client.hpp"
#include "commands.hpp"
#include "core/config.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

namespace {

using namespace ktally;

struct Arguments {
    Output output;
    std::string address;
    ShowRequest show;
    MonitorRequest monitor;
    std::string interval;
    std::string state;
    HoldRequest hold;
    UnitsRequest units;
    std::vector<std::string> unit_names;
    ProcessesRequest processes;
    DescriptorsRequest descriptors;
    std::string help_for;
    std::vector<std::string> after_dashes;
    std::function<int()> command;
};

void add_common_options(CLI::App &app, Arguments &arguments)
{
    const std::map<std::string, JsonMode> modes{
        {"off", JsonMode::off}, {"short", JsonMode::brief}, {"pretty", JsonMode::pretty}};
    app.add_option_function<std::string>(
           "--json", [&arguments, modes](const std::string &mode) { arguments.output.json = modes.at(mode); },
           "Print JSON: pretty, short (one line), or off")
        ->check(CLI::IsMember({"pretty", "short", "off"}).description(""))
        ->type_name("MODE");
    app.add_option("--address", arguments.address, "Use the bus at ADDRESS for the system bus")->type_name("ADDRESS");
    app.add_flag_callback(
        "--no-legend", [&arguments] { arguments.output.legend = false; }, "Print no titles and hints");
    app.add_flag_callback(
        "--no-pager", [&arguments] { arguments.output.pager = false; }, "Run no pager");
    app.set_version_flag("--version", "ktallyctl " KTALLY_VERSION, "Print the version of ktallyctl");
    app.set_help_flag("-h,--help", "Print help");
}

void add_show(CLI::App &app, Arguments &arguments)
{
    CLI::App *show = app.add_subcommand("show", "Print properties as NAME=VALUE");
    show->add_option("INTERFACE", arguments.show.interfaces, "Manager, Files, Vfs, Processes; all if none is named")
        ->type_name("");
    show->add_option("-p,--property", arguments.show.properties, "Only this one, such as Opened or Files.Opened")
        ->type_name("NAME")
        ->delimiter(',')
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    show->add_flag("--value", arguments.show.values_only, "Print values without names");
    show->add_flag("--list", arguments.show.list, "List the names, without asking the daemon");
    show->callback([&arguments] {
        arguments.command = [&arguments] { return show_properties(arguments.show, arguments.output); };
    });
}

std::chrono::microseconds time_span(const std::string &text, std::chrono::microseconds shortest,
                                    std::chrono::microseconds longest)
{
    const auto span = parse_time_span(text);
    if (!span || *span < shortest || *span > longest)
        throw Failure{Exit::usage, fmt::format("--interval: {} is not a time span from {} to {}", text,
                                               format_time_span(shortest), format_time_span(longest))};
    return *span;
}

void add_monitor(CLI::App &app, Arguments &arguments)
{
    CLI::App *monitor_command = app.add_subcommand("monitor", "Print what happens, a line for each sample");
    monitor_command->add_option("-n,--count", arguments.monitor.count, "End after COUNT samples")
        ->type_name("COUNT")
        ->check([](const std::string &count) {
            return count.find_first_not_of("0123456789") == count.npos && count.find_first_not_of('0') != count.npos
                       ? std::string{}
                       : count + " is no number above 0";
        });
    monitor_command
        ->add_option("--interval", arguments.interval,
                     "A sample each SPAN (500ms, 1min), whatever the daemon's interval")
        ->type_name("SPAN");
    monitor_command->callback([&arguments] {
        if (!arguments.interval.empty())
            arguments.monitor.interval = time_span(arguments.interval, min_interval, max_interval);
        arguments.command = [&arguments] { return monitor(arguments.monitor, arguments.output); };
    });
}

void add_units(CLI::App &app, Arguments &arguments)
{
    CLI::App *units = app.add_subcommand("units", "Print what each systemd unit counts");
    units
        ->add_option("--sort", arguments.units.sort,
                     "The highest COUNTER first, such as Reads; or name, as if not given")
        ->type_name("COUNTER");
    units->callback(
        [&arguments] { arguments.command = [&arguments] { return show_units(arguments.units, arguments.output); }; });
}

void add_unit(CLI::App &app, Arguments &arguments)
{
    CLI::App *unit = app.add_subcommand("unit", "Print all that is counted of a unit, or of that of a process");
    unit->add_option("NAME", arguments.unit_names, "A unit, such as cron or cron.service, or a PID")
        ->type_name("")
        ->required();
    unit->callback([&arguments] {
        arguments.command = [&arguments] { return show_unit(arguments.unit_names, arguments.output); };
    });
}

void add_count(CLI::App &command, std::uint32_t &count)
{
    command.add_option("-n,--count", count, "At most COUNT, 0 for all; 10 if not given")
        ->type_name("COUNT")
        ->check([](const std::string &number) {
            return number.find_first_not_of("0123456789") == number.npos ? std::string{} : number + " is no number";
        });
}

void add_processes(CLI::App &app, Arguments &arguments)
{
    CLI::App *processes = app.add_subcommand("processes", "Print the processes with the highest count");
    processes->add_option("--sort", arguments.processes.sort, "Of COUNTER, such as Opened; Vfs.Reads if not given")
        ->type_name("COUNTER");
    add_count(*processes, arguments.processes.count);
    processes
        ->add_option("--interval", arguments.interval, "What is counted from now on for SPAN (500ms, 1min), not so far")
        ->type_name("SPAN");
    processes->add_flag("--own", arguments.processes.own, "Only your own, which takes no authorization");
    processes->callback([&arguments] {
        if (!arguments.interval.empty())
            arguments.processes.interval =
                time_span(arguments.interval, std::chrono::microseconds{1}, std::chrono::minutes{1});
        arguments.command = [&arguments] { return show_processes(arguments.processes, arguments.output); };
    });
}

void add_descriptors(CLI::App &app, Arguments &arguments)
{
    CLI::App *descriptors = app.add_subcommand("descriptors", "Print the processes with the most open descriptors");
    add_count(*descriptors, arguments.descriptors.count);
    descriptors->add_flag("--own", arguments.descriptors.own, "Only your own, which takes no authorization");
    descriptors->callback([&arguments] {
        arguments.command = [&arguments] { return show_descriptors(arguments.descriptors, arguments.output); };
    });
}

void add_return(CLI::App &app, Arguments &arguments)
{
    const std::map<std::string, Switch> states{{"on", Switch::on}, {"off", Switch::off}, {"status", Switch::status}};
    CLI::App *command = app.add_subcommand("return", "Switch the return program, which counts errors and bytes");
    command->add_option("STATE", arguments.state, "on, off, or status: print whether it is on and who holds it")
        ->type_name("")
        ->required()
        ->check(CLI::IsMember({"on", "off", "status"}).description(""));
    command->callback([&arguments, states] {
        arguments.command = [&arguments, state = states.at(arguments.state)] {
            return switch_return_program(state, arguments.output);
        };
    });
}

void add_hold(CLI::App &app, Arguments &arguments)
{
    CLI::App *hold = app.add_subcommand("hold", "Run a command with the return program on: hold -- COMMAND...");
    hold->add_option("--reason", arguments.hold.reason, "Why, for others to see; the command if not given")
        ->type_name("TEXT");
    hold->callback([&arguments] {
        if (arguments.after_dashes.empty())
            throw Failure{Exit::usage, "hold needs a command after --: ktallyctl hold -- COMMAND..."};
        arguments.hold.command = std::exchange(arguments.after_dashes, {});
        arguments.command = [&arguments] { return hold_return_program(arguments.hold); };
    });
}

void add_help(CLI::App &app, Arguments &arguments)
{
    CLI::App *help = app.add_subcommand("help", "Print help, on COMMAND if there is one");
    help->add_option("COMMAND", arguments.help_for, "A command")->type_name("");
    help->callback([&app, &arguments] {
        const CLI::App *about = &app;
        if (!arguments.help_for.empty()) {
            const auto named = app.get_subcommands(
                [&arguments](const CLI::App *command) { return command->check_name(arguments.help_for); });
            if (named.empty())
                throw Failure{Exit::usage, "unknown command " + arguments.help_for + "; see ktallyctl help"};
            about = named.front();
        }
        arguments.command = [&app, about] {
            print(app.get_formatter()->make_help(
                about, about == &app ? app.get_name() : "ktallyctl " + about->get_name(), CLI::AppFormatMode::Normal));
            return static_cast<int>(Exit::ok);
        };
    });
}

void add_commands(CLI::App &app, Arguments &arguments)
{
    const auto add = [&](const char *name, const char *description, int (*command)(const Output &)) {
        app.add_subcommand(name, description)->callback([&arguments, command] {
            arguments.command = [&arguments, command] { return command(arguments.output); };
        });
    };
    add("status", "Print state, totals and rates; what is done without a command", show_status);
    add_show(app, arguments);
    add_monitor(app, arguments);
    add("probes", "Print where each counter's numbers come from", show_probes);
    add("errors", "Print which errors ended calls, the most frequent first", show_errors);
    add_units(app, arguments);
    add_unit(app, arguments);
    add_processes(app, arguments);
    add("zombies", "Print the processes that ended and were not reaped, and their parents", show_zombies);
    add_descriptors(app, arguments);
    add_return(app, arguments);
    add_hold(app, arguments);
    add("version", "Print the versions of ktallyctl and ktallyd", show_version);
    add_help(app, arguments);
    for (CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
        command->group("Commands");
}

// CLI11 gets what is before "--" only: it takes words such as [a-z] apart, and a command to run must stay as it is.
void parse(CLI::App &app, int argc, char **argv, Arguments &arguments)
{
    char **const end = argv + argc;
    char **const dashes = std::find(argv, end, std::string_view{"--"});
    if (dashes != end)
        arguments.after_dashes.assign(dashes + 1, end);
    app.parse(static_cast<int>(dashes - argv), argv);
    if (const std::vector<std::string> extra = app.remaining(true); !extra.empty())
        throw Failure{Exit::usage, fmt::format("{} {}; see ktallyctl help",
                                               extra.front().starts_with('-')  ? "unknown option"
                                               : app.get_subcommands().empty() ? "unknown command"
                                                                               : "unexpected argument",
                                               extra.front())};
    if (!arguments.after_dashes.empty())
        throw Failure{Exit::usage, "nothing may follow -- but the command of hold; see ktallyctl help"};
}

// Else the connection to the bus would be standard output if that was closed.
void open_standard_files()
{
    int fd = 0;
    while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO)
        fcntl(fd, F_SETFD, 0);
    if (fd >= 0)
        close(fd);
}

} // namespace

int main(int argc, char **argv)
{
    open_standard_files();
    std::setlocale(LC_ALL, "");
    std::signal(SIGPIPE, SIG_DFL); // a reader that has enough ends us quietly, even if our parent ignores that
    Arguments arguments;
    arguments.command = [&arguments] { return show_status(arguments.output); };
    CLI::App app{"Show what ktallyd counts, and control it.", "ktallyctl"};
    app.fallthrough(); // the common options may follow the command
    app.require_subcommand(0, 1);
    app.footer("See ktallyctl(1).");
    const auto formatter = app.get_formatter();
    formatter->column_width(28);
    formatter->label("SUBCOMMAND", "COMMAND");
    formatter->label("Positionals", "Arguments");
    formatter->label("REQUIRED", "");
    add_common_options(app, arguments);
    add_commands(app, arguments);
    app.allow_extras(); // parse() says what is wrong with them
    try {
        parse(app, argc, argv, arguments);
        if (!arguments.address.empty())
            setenv("DBUS_SYSTEM_BUS_ADDRESS", arguments.address.c_str(), 1);
        return arguments.command();
    } catch (const CLI::Success &success) { // --help, --version
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        fmt::print(stderr, "ktallyctl: {}; see ktallyctl help\n", error.what());
        return static_cast<int>(Exit::usage);
    } catch (const Failure &failure) {
        fmt::print(stderr, "ktallyctl: {}\n", failure.what());
        return static_cast<int>(failure.status());
    } catch (const sdbus::Error &error) {
        const Failure failure = failure_of(error);
        fmt::print(stderr, "ktallyctl: {}\n", failure.what());
        return static_cast<int>(failure.status());
    } catch (const std::exception &error) {
        fmt::print(stderr, "ktallyctl: {}\n", error.what());
        return static_cast<int>(Exit::failure);
    }
}
