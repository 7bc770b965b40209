// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Findings: what the watch over processes finds, as signals of org.ktally1.Files and .Processes and as entries in the
// journal. How much there is to say of is the watch's decision.
#pragma once

#include "bus/counter_objects.hpp"
#include "bus/unit_objects.hpp"
#include "core/process_watch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ktally {

class Findings {
public:
    // All must outlive this.
    Findings(ProcessWatch &watch, Files &files, Processes &processes, UnitObjects &units);
    Findings(const Findings &) = delete;
    Findings &operator=(const Findings &) = delete;
    ~Findings();

private:
    void zombie_appeared(const Process &zombie, const Process *parent);
    void leak_suspected(const Process &process);
    std::string unit_of(const Process &process) const;

    ProcessWatch &watch_;
    Files &files_;
    Processes &processes_;
    UnitObjects &units_;
};

} // namespace ktally
