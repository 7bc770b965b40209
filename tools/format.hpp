// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers and tables as people read them.
#pragma once

#include "core/counters.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

// "4,096,000"; "absent" for a counter that this kernel cannot give.
std::string grouped(std::uint64_t number);
std::string total_text(std::uint64_t total);

// "1,234/s", "0.5/s", "3.9 MiB/s".
std::string rate_text(double per_second, Unit unit);

// At most five characters: "0.5", "99999", "123k", "1.2M"; bytes in steps of 1024: "999", "9.8K", "1.2G".
std::string compact(double number, Unit unit);

// "2min 3s": a time span as people say it, without digits that nobody asks for.
std::string age(std::chrono::microseconds span);

// "exited 3", "killed by SIGTERM": of a status as waitpid(2) has it.
std::string wait_status_text(std::int32_t status);

// "SIGTERM", "SIGRTMIN+3".
std::string signal_name(int signal);

// "5,000 zombies", "1 zombie".
std::string counted(std::uint64_t number, std::string_view noun);

// "root", or the number of a user without a name.
std::string user_name(std::uint32_t uid);

// Without what a terminal obeys: control characters as \x1b. For text that other users wrote.
std::string printable(std::string_view text);

// At most `width` characters, the last ones "..." if some had to go.
std::string ellipsized(std::string_view text, std::size_t width);

enum class Style { none, bold, underline, green, yellow, grey };

// Nothing but the text unless `colour`.
std::string styled(std::string_view text, Style style, bool colour);

class Table {
public:
    enum class Align { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    struct Cell {
        std::string text;
        Style style = Style::none;
    };

    explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {}

    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

    // One line for each row; with `legend`, below one of titles.
    std::string text(bool legend, bool colour) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

} // namespace ktally
