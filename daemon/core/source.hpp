// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Source: where counters come from. The kernel is one; the tests of the bus objects bring another.
#pragma once

#include "core/counters.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktally {

enum class ProbeState : std::uint8_t {
    active, // counting
    off,    // belongs to the return program, which is detached
    absent, // cannot be had on this kernel
};

constexpr std::string_view name(ProbeState state)
{
    constexpr std::array<std::string_view, 3> names{"active", "off", "absent"};
    return names[static_cast<std::size_t>(state)];
}

// Where one counter's numbers come from.
struct Probe {
    Counter counter;
    std::string source; // "fentry:vfs_read+vfs_readv"; empty if absent
    ProbeState state;
    std::string reason; // why not better or not at all; empty if there is nothing to say
};

struct ErrorCount {
    ktally_operation operation;
    int error; // errno, positive
    std::uint64_t count;
};

// How a source came to its totals.
struct Beginning {
    MonotonicTime since;                     // when counting began: the totals are of the time from then on
    bool adopted = false;                    // before this process: an earlier one left them
    std::optional<std::string> refusal = {}; // why what an earlier one left was not taken
};

class Accounts;

class Source {
public:
    virtual ~Source() = default;

    virtual Beginning beginning() const = 0;

    // The live total of one counter, or `absent_total`.
    virtual std::uint64_t total(Counter counter) const = 0;

    // Errors by operation and errno, those that happened at least once.
    virtual std::vector<ErrorCount> errors() const = 0;

    // One for each counter, in the order of the table.
    virtual std::vector<Probe> probes() const = 0;

    // Attaches or detaches the return program. Throws std::exception, with the reason, if nothing of it can be
    // attached; the source is then detached.
    virtual void attach_return() = 0;
    virtual void detach_return() = 0;

    // It may be from the beginning, if that was adopted.
    virtual bool return_attached() const = 0;

    // Who did it. Lives as long as the source.
    virtual Accounts &accounts() = 0;

    // At most so many calls are in no account: those for which there was no room, and each run of the entry program that
    // the kernel skipped, if there are accounts.
    virtual std::uint64_t unattributed() const = 0;
};

// The backends in use for the calls that can be hooked in more than one way, most preferred first: "fentry",
// "fentry+tracepoint".
std::string backend_summary(const std::vector<Probe> &probes);

} // namespace ktally
