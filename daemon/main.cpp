// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ktallyd: counts what the kernel does and publishes it on the system bus. See ktallyd(8).
#include "config_files.hpp"
#include "daemon.hpp"
#include "kernel/kernel_source.hpp"
#include "log.hpp"
#include "message.hpp"
#include "monotonic_clock.hpp"
#include "service_manager.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <malloc.h>

#include <cstdlib>
#include <exception>

namespace {

constexpr int exit_usage = 2;

using ktally::LoadedConfig;

LoadedConfig load(const std::string &file)
{
    return file.empty() ? ktally::load_config() : ktally::load_config(file);
}

std::string text(const ktally::Warning &warning)
{
    return warning.line > 0 ? fmt::format("{}:{}: {}", warning.file.string(), warning.line, warning.message)
                            : fmt::format("{}: {}", warning.file.string(), warning.message);
}

void log_warnings(const LoadedConfig &loaded)
{
    for (const ktally::Warning &warning : loaded.warnings)
        ktally::log::warning(text(warning), {{"MESSAGE_ID", ktally::message::configuration},
                                             {"KTALLY_CONFIG_FILE", warning.file.string()},
                                             {"KTALLY_CONFIG_LINE", std::to_string(warning.line)}});
}

int check_config(const std::string &file)
{
    const LoadedConfig loaded = load(file);
    for (const ktally::Warning &warning : loaded.warnings)
        fmt::print(stderr, "{}\n", text(warning));
    for (const auto &read : loaded.files)
        fmt::print("# {}\n", read.string());
    fmt::print("{}", ktally::format_config(loaded.config));
    return loaded.warnings.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

// What takes more than this is given back to the kernel when it is freed. By itself the C library would raise the limit
// to whatever was freed once, and keep some megabytes after a list of thousands of processes (mallopt(3)).
constexpr int largest_kept = 128 * 1024;

int serve(const std::string &file)
{
    mallopt(M_MMAP_THRESHOLD, largest_kept);
    const LoadedConfig loaded = load(file);
    log_warnings(loaded);
    const auto reload = [&file, last = loaded.config]() mutable {
        try {
            const LoadedConfig again = load(file);
            log_warnings(again);
            last = again.config;
        } catch (const std::system_error &error) {
            ktally::log::warning(std::string{error.what()} + "; the configuration stays as it was");
        }
        return last;
    };
    ktally::ServiceManager manager;
    auto source = std::make_unique<ktally::KernelSource>(loaded.config, manager, ktally::monotonic_now());
    ktally::Daemon daemon{manager, std::move(source), loaded.config, reload};
    malloc_trim(0); // the kernel's type information took some 30 MB while the programs were loaded
    return daemon.run();
}

} // namespace

int main(int argc, char **argv)
{
    CLI::App app{"Counts what the kernel does and publishes it on the system bus as org.ktally1.", "ktallyd"};
    std::string file;
    bool check = false;
    app.set_version_flag("--version", "ktallyd " KTALLY_VERSION);
    app.add_option("--config", file, "Read FILE and FILE.d/*.conf instead of the usual places")->type_name("FILE");
    app.add_flag("--check-config", check, "Show the configuration as it is understood, and what is wrong with it");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help, --version
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        fmt::print(stderr, "ktallyd: {}; see ktallyd --help\n", error.what());
        return exit_usage;
    }
    try {
        return check ? check_config(file) : serve(file);
    } catch (const std::exception &error) {
        ktally::log::error(error.what());
        return EXIT_FAILURE;
    }
}
