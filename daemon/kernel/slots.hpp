// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Slots: the memory in which the programs of one object count, shared with the kernel and mapped here, read-only. An
// object is compiled with a block for each of KTALLY_MAX_CPUS at the end of its .bss; this has one for each CPU that
// the machine may have, rounded up to a power of two, and the programs' mask (bpf/cpu.bpf.h) is made to fit. libbpf
// could resize .bss from 1.3 on only.
#pragma once

#include "keep/fd.hpp"

#include <bpf/libbpf.h>

#include <cstddef>

namespace ktally {

class Slots {
public:
    struct Layout {
        std::size_t head;  // bytes, and then
        std::size_t block; // so many for each of these
        std::size_t cpus;
    };

    // Throws std::system_error.
    explicit Slots(const Layout &layout);

    // Takes over those of an earlier instance. Throws std::runtime_error, with the reason, if the descriptor is not of
    // that map or the map does not have that layout.
    Slots(const Layout &layout, Fd map, unsigned id);
    Slots(const Slots &) = delete;
    Slots &operator=(const Slots &) = delete;
    ~Slots();

    int map() const { return map_.get(); }

    // Before the object is loaded: makes it count here. `bss` is the object's own map, which is not created then.
    void give_to(bpf_object *object, bpf_map *bss) const;

    // What lies at that offset. The kernel writes it while it is read.
    template <typename T> const T *at(std::size_t offset) const
    {
        return reinterpret_cast<const T *>(static_cast<const char *>(memory_) + offset);
    }

private:
    void map_memory();

    std::size_t blocks_;
    std::size_t size_;
    Fd map_;
    void *memory_;
};

} // namespace ktally
