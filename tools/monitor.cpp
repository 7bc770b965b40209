// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "format.hpp"
#include "names.hpp"
#include "report.hpp"
#include "samples.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <array>

namespace ktally {
namespace {

struct Column {
    Counter counter;
    std::string_view title;
};

constexpr std::array<Column, 13> columns{{
    {Counter::Opened, "open"},
    {Counter::Closed, "close"},
    {Counter::Reads, "read"},
    {Counter::Writes, "write"},
    {Counter::ReadBytes, "rbyte"},
    {Counter::WriteBytes, "wbyte"},
    {Counter::Unlinks, "unlnk"},
    {Counter::Fsyncs, "fsync"},
    {Counter::Creates, "creat"},
    {Counter::Forks, "fork"},
    {Counter::ThreadsCreated, "thrd"},
    {Counter::Execs, "exec"},
    {Counter::Exits, "exit"},
}};

constexpr std::size_t column_width = 5; // of compact(): 13 columns fit into 80 characters

// The lines of text under their titles.
class Lines {
public:
    explicit Lines(bool legend) : legend_{legend} {}

    void print_line(const Measurement &sample)
    {
        if (legend_ && (lines_ == 0 || (on_terminal() && lines_ >= page())))
            print_titles();
        std::string line;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const CounterRow &counter = row(columns[i].counter);
            const auto rate = sample.rates[static_cast<std::size_t>(counter.counter)];
            line += gap(i) + fmt::format("{:>{}}", rate ? compact(*rate, counter.unit) : "-", column_width);
        }
        print(line + '\n');
        ++lines_;
    }

private:
    static std::size_t page()
    {
        constexpr std::size_t titles = 2, least = 5;
        return std::max(terminal_height().value_or(0), titles + least) - titles - 1;
    }

    // Between columns, and a second one between interfaces.
    static std::string gap(std::size_t column)
    {
        if (column == 0)
            return "";
        return row(columns[column].counter).interface == row(columns[column - 1].counter).interface ? " " : "  ";
    }

    void print_titles()
    {
        std::string groups, titles, group;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            group += gap(i).substr(0, group.empty() ? 0 : 1) + std::string(column_width, '-');
            titles += gap(i) + fmt::format("{:>{}}", columns[i].title, column_width);
            const std::string_view interface = row(columns[i].counter).interface;
            if (i + 1 == columns.size() || row(columns[i + 1].counter).interface != interface) {
                groups += (groups.empty() ? "" : "  ") +
                          fmt::format("{:-^{}}", fmt::format(" {}/s ", interface), group.size());
                group.clear();
            }
        }
        print(styled(groups, Style::bold, use_colour()) + '\n' + styled(titles, Style::bold, use_colour()) + '\n');
        lines_ = 0;
    }

    bool legend_;
    std::size_t lines_ = 0;
};

Json json_of(const Measurement &sample)
{
    Json shown = Json::object();
    for (const CounterRow &counter : counters) {
        const auto at = static_cast<std::size_t>(counter.counter);
        const auto rate = sample.rates[at];
        shown[full_name(counter)] = {{"total", json_of_total(sample.totals[at])},
                                     {"rate", rate ? Json(*rate) : Json(nullptr)}};
    }
    return {{"timestamp_usec", sample.timestamp_usec}, {"interval_usec", sample.interval_usec}, {"counters", shown}};
}

} // namespace

int monitor(const MonitorRequest &request, const Output &output)
{
    Client client;
    SampleStream samples{client, request.interval};
    Lines lines{output.legend};
    for (std::uint64_t shown = 0; request.count == 0 || shown < request.count; ++shown) {
        const auto sample = samples.next();
        if (!sample)
            break;
        if (output.json != JsonMode::off)
            print(json_of(*sample), output.json);
        else
            lines.print_line(*sample);
    }
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
