// SPDX-License-Identifier: LGPL-2.1-or-later
//
// KernelSource: the counters of the running kernel. Owns the two BPF objects and every link to the kernel: what it
// attached is gone when it is destroyed or the process dies, unless a store keeps it for the next instance, which then
// takes it over and counts on.
#pragma once

#include "core/config.hpp"
#include "core/source.hpp"
#include "keep/fd_store.hpp"
#include "keep/record.hpp"

#include <memory>
#include <optional>

namespace ktally {

class Programs;

class KernelSource final : public Source {
public:
    // Takes over what an earlier instance left in the store, or decides what can be hooked, by the configuration and
    // the kernel, loads both programs and attaches the entry program. Throws std::runtime_error with a sentence for the
    // user if nothing can be counted here. The store must outlive this.
    KernelSource(const Config &config, FdStore &store, MonotonicTime now);
    ~KernelSource() override;

    Beginning beginning() const override { return beginning_; }
    std::uint64_t total(Counter counter) const override;
    std::vector<ErrorCount> errors() const override;
    std::vector<Probe> probes() const override;
    void attach_return() override;
    void detach_return() override;
    bool return_attached() const override;
    Accounts &accounts() override;
    std::uint64_t unattributed() const override;

private:
    struct Loaded; // slots, objects and their programs

    void take_over(std::size_t cpus, const Config &config);
    void leave_everything();
    void leave(const Programs &programs);
    void write_inventory(bool with_return);
    void attach_return_program();

    FdStore &store_;
    std::uint64_t fingerprint_;
    Beginning beginning_{};
    std::optional<Record> record_; // the inventory
    std::unique_ptr<Loaded> loaded_;
};

} // namespace ktally
