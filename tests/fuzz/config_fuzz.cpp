// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A libFuzzer target: any bytes as a configuration file, as a drop-in and as a time span. What must hold whatever they
// are is written here; what does not ends in abort(), as does any exception, and libFuzzer then shows the bytes.
#include "config_files.hpp"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace {

namespace fs = std::filesystem;
using ktally::Config;
using ktally::LoadedConfig;
using ktally::Warning;

constexpr std::string_view spaces = " \t\r\v\f";
constexpr std::array<std::string_view, 8> keys{"Accounting",       "Backend",     "Exclude",       "Interval",
                                               "LeakLimitPercent", "LeakSamples", "ReturnProgram", "ZombieGraceSec"};

void check(bool holds, const char *what)
{
    if (holds)
        return;
    std::fprintf(stderr, "ktally: this must hold: %s\n", what);
    std::abort();
}

// The input is written once, and is by links a file alone, and a file that is its own drop-in.
class Files {
public:
    Files()
    {
        write(alone(), "");
        fs::create_directory(twice().string() + ".d");
        fs::create_hard_link(alone(), twice());
        fs::create_hard_link(alone(), drop_in());
    }
    ~Files() { fs::remove_all(directory_); }

    Files(const Files &) = delete;
    Files &operator=(const Files &) = delete;

    fs::path alone() const { return directory_ / "alone.conf"; }
    fs::path twice() const { return directory_ / "twice.conf"; }
    fs::path drop_in() const { return directory_ / "twice.conf.d" / "10-again.conf"; }
    fs::path printed() const { return directory_ / "printed.conf"; }

    static void write(const fs::path &path, std::string_view text) { std::ofstream{path, std::ios::binary} << text; }

private:
    static fs::path made_directory()
    {
        std::string name = fs::temp_directory_path() / "ktally-fuzz-XXXXXX";
        if (!mkdtemp(name.data()))
            throw std::system_error{errno, std::generic_category(), name};
        return name;
    }

    const fs::path directory_ = made_directory();
};

std::string_view trimmed(std::string_view text)
{
    text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
    return text.substr(0, text.find_last_not_of(spaces) + 1);
}

// Without a comment, which begins the line or comes behind a space.
std::string_view uncommented(std::string_view line)
{
    for (std::size_t at = 0; at < line.size(); ++at)
        if ((line[at] == '#' || line[at] == ';') && (at == 0 || spaces.find(line[at - 1]) != spaces.npos))
            return line.substr(0, at);
    return line;
}

bool warned_of(const LoadedConfig &loaded, int line)
{
    return std::ranges::find(loaded.warnings, line, &Warning::line) != loaded.warnings.end();
}

// Every line is nothing, a comment, a section, or a known key with a good value, or there is a warning of it. And what
// was read is what those keys say, so that neither a line gets lost nor one is taken for another's.
void check_lines(const LoadedConfig &loaded, std::string_view text)
{
    Config expected;
    std::string section;
    int number = 0;
    if (text.starts_with("\xef\xbb\xbf"))
        text.remove_prefix(3);
    while (!text.empty()) {
        const std::string_view line = trimmed(uncommented(text.substr(0, text.find('\n'))));
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
        ++number;
        if (warned_of(loaded, number) || line.empty())
            continue;
        if (line.front() == '[') {
            check(line.find(']') == line.size() - 1, "a section ends its line");
            section = line.substr(1, line.size() - 2);
            continue;
        }
        const std::size_t equals = line.find('=');
        check(equals != line.npos, "a line without = is warned of");
        const std::string_view key = trimmed(line.substr(0, equals));
        check(std::ranges::find(keys, key) != keys.end(), "an unknown key is warned of");
        check(!assign(expected, section, key, trimmed(line.substr(equals + 1))), "a bad value is warned of");
    }
    check(loaded.config == expected, "the configuration is what the lines say");
    for (const Warning &warning : loaded.warnings)
        check(warning.line >= 1 && warning.line <= number, "a warning names a line of the file");
}

void check_warnings(const LoadedConfig &loaded, const fs::path &file)
{
    int line = 0;
    for (const Warning &warning : loaded.warnings) {
        check(warning.file == file, "a warning names its file");
        check(warning.line > line, "there is one warning of a line, and they are in order");
        check(!warning.message.empty(), "a warning has a message");
        check(warning.message.find_first_of(std::string_view{"\n\0", 2}) == std::string::npos, "a message is one line");
        line = warning.line;
    }
}

void check_range(const Config &config)
{
    check(config.interval >= ktally::min_interval && config.interval <= ktally::max_interval,
          "the interval has a range");
    check(config.zombie_grace >= std::chrono::microseconds::zero() && config.zombie_grace <= ktally::max_zombie_grace,
          "the grace of zombies has a range");
    check(config.leak_samples >= ktally::min_leak_samples && config.leak_samples <= ktally::max_leak_samples,
          "the samples of a leak have a range");
    check(config.leak_limit_percent <= 100, "a share is no more than all");
    check(!config.backend || std::ranges::find(ktally::backends, *config.backend) != ktally::backends.end(),
          "the backend is one of three");
    check(std::ranges::all_of(config.exclude, ktally::is_hooked), "only what is hooked is excluded");
}

// A drop-in that says the same once more changes nothing, and is warned of in the same words.
void check_drop_in(const LoadedConfig &alone, const LoadedConfig &twice, const Files &files)
{
    check(twice.config == alone.config, "a drop-in says what its file says");
    check(twice.files == std::vector{files.twice(), files.drop_in()}, "the files read are named");
    const std::size_t half = alone.warnings.size();
    check(twice.warnings.size() == 2 * half, "a drop-in is warned of like a file");
    for (std::size_t i = 0; i < 2 * half; ++i) {
        const Warning &warning = twice.warnings[i];
        const Warning &same = alone.warnings[i % half];
        check(warning.file == (i < half ? files.twice() : files.drop_in()), "a warning names its file");
        check(warning.line == same.line && warning.message == same.message, "a drop-in is warned of like a file");
    }
}

// What --check-config prints can be put into a file.
void check_printed(const Config &config, const fs::path &file)
{
    Files::write(file, format_config(config));
    const LoadedConfig again = ktally::load_config(file);
    check(again.warnings.empty(), "a printed configuration is without fault");
    check(again.config == config, "a printed configuration is the same");
}

void check_time_span(std::string_view text)
{
    const auto span = ktally::parse_time_span(text);
    if (!span)
        return;
    check(span->count() >= 0 && text.find('-') == text.npos, "no time span is negative");
    check(ktally::parse_time_span(ktally::format_time_span(*span)) == span, "a printed time span is the same");
}

void check_assign(std::string_view value)
{
    for (std::string_view key : keys) {
        Config config{std::chrono::seconds{5}, ktally::Backend::kprobe, true, {"vfs_read"}};
        const Config before = config;
        if (assign(config, "Daemon", key, value))
            check(config == before, "a bad value changes nothing");
        check_range(config);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const Files files;
    const std::string_view text{reinterpret_cast<const char *>(data), size};

    Files::write(files.alone(), text);
    const LoadedConfig alone = ktally::load_config(files.alone());
    check(alone.files == std::vector{files.alone()}, "the file read is named");
    check_warnings(alone, files.alone());
    check_lines(alone, text);
    check_range(alone.config);
    check_drop_in(alone, ktally::load_config(files.twice()), files);
    check_printed(alone.config, files.printed());

    check_assign(text);
    check_time_span(text);
    return 0;
}
