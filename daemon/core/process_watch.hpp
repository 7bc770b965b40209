// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ProcessWatch: watches over the processes of the machine, for zombies and for leaks of file descriptors, with each
// sample, and tells what it found. Reads them from the accounts, and no more than it must.
#pragma once

#include "core/accounts.hpp"
#include "core/leaks.hpp"
#include "core/time.hpp"
#include "core/zombies.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ktally {

class ProcessWatch {
public:
    struct Rules {
        std::chrono::microseconds zombie_grace;
        Leaks::Rule leak;
    };

    // What is called for each thing that is found.
    struct Tell {
        // `parent`: null if it is not among the processes.
        std::function<void(const Process &zombie, const Process *parent)> appeared = [](auto &&...) {};
        std::function<void(std::size_t zombies)> unmentioned = [](auto &&...) {}; // of a sample, that appeared as well
        std::function<void(std::uint32_t pid)> reaped = [](auto &&...) {};        // had appeared
        std::function<void(const Process &)> leak_suspected = [](auto &&...) {};
    };

    // A sample. As long as it lives, zombies() are those that it saw.
    class Sampled {
    public:
        void tell() const;

    private:
        friend ProcessWatch;
        struct Forget {
            void operator()(ProcessWatch *watch) const { watch->sampled_.reset(); }
        };

        Sampled(ProcessWatch *watch, Zombies::Change zombies, std::vector<Process> leaks)
            : watch_{watch}, zombies_{std::move(zombies)}, leaks_{std::move(leaks)}
        {
        }

        std::unique_ptr<ProcessWatch, Forget> watch_;
        Zombies::Change zombies_;
        std::vector<Process> leaks_;
    };

    // The accounts must outlive this. What they throw when they are read comes through all that reads them.
    explicit ProcessWatch(Accounts &accounts) : accounts_{accounts} {}

    // Whom to tell, one at most.
    void tell(Tell tell) { tell_ = std::move(tell); }

    [[nodiscard]] Sampled sample(MonotonicTime now, const Rules &rules);

    // The zombies there are now. That they were seen is kept; and who was reaped is told.
    std::vector<Zombies::Zombie> zombies(MonotonicTime now);
    std::size_t zombie_count(MonotonicTime now);

private:
    std::vector<Process> look(MonotonicTime now);
    void tell_of(const Zombies::Change &change) const;

    Accounts &accounts_;
    Tell tell_;
    Zombies zombies_;
    Leaks leaks_;
    std::optional<std::vector<Process>> sampled_;
};

} // namespace ktally
