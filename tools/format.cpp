// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format.hpp"

#include "core/config.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstring>

namespace ktally {
namespace {

// A number below `step`, and the prefix that says how often it was divided by it.
struct Scaled {
    double number;
    std::size_t prefix;
};

Scaled scale(double number, double step, std::size_t prefixes)
{
    std::size_t prefix = 0;
    // 999.5 would be shown as 1000.
    for (; number >= step - 0.5 && prefix + 1 < prefixes; ++prefix)
        number /= step;
    return {number, prefix};
}

std::string bytes_text(double bytes)
{
    constexpr std::array prefixes{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    const auto [number, prefix] = scale(bytes, 1024, prefixes.size());
    return fmt::format("{:.{}f} {}", number, prefix == 0 ? 0 : 1, prefixes[prefix]);
}

// How many characters of a terminal: UTF-8's continuation bytes take none.
std::size_t characters(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

} // namespace

std::string grouped(std::uint64_t number)
{
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, 1, ',');
    return digits;
}

std::string total_text(std::uint64_t total)
{
    return total == absent_total ? "absent" : grouped(total);
}

std::string rate_text(double per_second, Unit unit)
{
    if (unit == Unit::bytes)
        return bytes_text(per_second) + "/s";
    if (per_second > 0 && per_second < 99.95)
        return fmt::format("{:.1f}/s", std::max(per_second, 0.1)); // a little is not nothing
    return grouped(static_cast<std::uint64_t>(std::llround(per_second))) + "/s";
}

std::string compact(double number, Unit unit)
{
    constexpr std::string_view prefixes = " kMGTPE";
    constexpr double widest = 99'999.5; // five digits
    if (number > 0 && number < 9.95)
        return fmt::format("{:.1f}", std::max(number, 0.1)); // a little is not nothing
    if (unit != Unit::bytes && number < widest)
        return fmt::format("{:.0f}", number);
    const auto [scaled, prefix] = scale(number, unit == Unit::bytes ? 1024 : 1000, prefixes.size());
    if (prefix == 0)
        return fmt::format("{:.0f}", scaled);
    const char letter = unit == Unit::bytes && prefix == 1 ? 'K' : prefixes[prefix];
    return fmt::format("{:.{}f}{}", scaled, scaled < 99.95 ? 1 : 0, letter);
}

std::string age(std::chrono::microseconds span)
{
    using namespace std::chrono;
    if (span < seconds{1})
        return format_time_span(floor<milliseconds>(span));
    if (span < hours{1})
        return format_time_span(floor<seconds>(span));
    return format_time_span(floor<minutes>(span));
}

std::string wait_status_text(std::int32_t status)
{
    if (WIFEXITED(status))
        return fmt::format("exited {}", WEXITSTATUS(status));
    return fmt::format("killed by {}{}", signal_name(WTERMSIG(status)), WCOREDUMP(status) ? ", dumped core" : "");
}

std::string signal_name(int signal)
{
    if (const char *name = sigabbrev_np(signal))
        return std::string{"SIG"} + name;
    if (signal >= SIGRTMIN && signal <= SIGRTMAX)
        return fmt::format("SIGRTMIN+{}", signal - SIGRTMIN);
    return fmt::format("signal {}", signal);
}

std::string counted(std::uint64_t number, std::string_view noun)
{
    return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string user_name(std::uint32_t uid)
{
    const passwd *user = getpwuid(uid);
    return user != nullptr ? user->pw_name : std::to_string(uid);
}

std::string printable(std::string_view text)
{
    std::string shown;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool next_is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (byte < 0x20 || byte == 0x7f)
            shown += fmt::format("\\x{:02x}", byte);
        else if (next_is_c1)
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
        else
            shown += text[i];
    }
    return shown;
}

std::string ellipsized(std::string_view text, std::size_t width)
{
    constexpr std::string_view ellipsis = "...";
    if (characters(text) <= width)
        return std::string{text};
    std::size_t length = text.size();
    while (length > 0 && characters(text.substr(0, length)) + ellipsis.size() > width)
        --length;
    return std::string{text.substr(0, length)}.append(ellipsis);
}

std::string styled(std::string_view text, Style style, bool colour)
{
    constexpr std::array codes{"", "\033[1m", "\033[4m", "\033[32m", "\033[33m", "\033[90m"};
    if (!colour || style == Style::none)
        return std::string{text};
    return fmt::format("{}{}\033[0m", codes[static_cast<std::size_t>(style)], text);
}

std::string Table::text(bool legend, bool colour) const
{
    std::vector<std::size_t> widths(columns_.size(), 0);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (legend)
            widths[i] = characters(columns_[i].title);
        for (const auto &row : rows_)
            widths[i] = std::max(widths[i], characters(row[i].text));
    }

    std::string lines;
    const auto add_line = [&](const auto &cell) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Cell &shown = cell(i);
            const std::string space(widths[i] - characters(shown.text), ' ');
            const bool left = columns_[i].align == Align::left;
            const bool last = i + 1 == columns_.size();
            lines.append(left ? "" : space).append(styled(shown.text, shown.style, colour));
            if (!last)
                lines.append(left ? space : "").append("  ");
        }
        lines.erase(lines.find_last_not_of(' ') + 1);
        lines += '\n';
    };
    if (legend)
        add_line([this](std::size_t i) { return Cell{columns_[i].title, Style::underline}; });
    for (const auto &row : rows_)
        add_line([&row](std::size_t i) { return row[i]; });
    return lines;
}

} // namespace ktally
