// SPDX-License-Identifier: LGPL-2.1-or-later
//
// KernelSource: the counters of the running kernel. Owns the two BPF objects and every link to the kernel: what it
// attached is gone when it is destroyed or the process dies. The only user of the skeletons.
#pragma once

#include "core/config.hpp"
#include "core/source.hpp"

#include <memory>

namespace ktally {

class KernelSource final : public Source {
public:
    // Decides what can be hooked, by the configuration and the kernel, loads both programs, attaches the entry program.
    // Throws std::runtime_error with a sentence for the user if nothing can be counted here.
    explicit KernelSource(const Config &config);
    ~KernelSource() override;

    std::uint64_t total(Counter counter) const override;
    std::vector<ErrorCount> errors() const override;
    std::vector<Probe> probes() const override;
    void attach_return() override;
    void detach_return() override;

private:
    struct Loaded; // the two skeletons and their programs
    std::unique_ptr<Loaded> loaded_;
};

} // namespace ktally
