// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/slots.hpp"

#include "abi.h"
#include "kernel/immediates.hpp"
#include "kernel/info.hpp"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace ktally {
namespace {

[[noreturn]] void fail(const char *what)
{
    throw std::system_error{errno, std::generic_category(), what};
}

Fd create_map(std::size_t size)
{
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    return Fd{bpf_map_create(BPF_MAP_TYPE_ARRAY, "ktally_slots", sizeof(__u32), static_cast<__u32>(size), 1, &options)};
}

std::size_t whole_pages(std::size_t size)
{
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return (size + page - 1) / page * page;
}

// The image of .bss that libbpf keeps until the object is loaded, and unmaps by the size of the map that it has by
// then.
void cut_image(bpf_map *bss, std::size_t size)
{
    std::size_t whole = 0;
    auto *image = static_cast<char *>(const_cast<void *>(bpf_map__initial_value(bss, &whole)));
    if (image && whole_pages(whole) > whole_pages(size))
        munmap(image + whole_pages(size), whole_pages(whole) - whole_pages(size));
}

} // namespace

Slots::Slots(const Layout &layout)
    : blocks_{std::bit_ceil(layout.cpus)}, size_{layout.head + layout.block * blocks_}, map_{create_map(size_)}
{
    if (!map_)
        fail("creating a BPF map");
    map_memory();
}

Slots::Slots(const Layout &layout, Fd map, unsigned id)
    : blocks_{std::bit_ceil(layout.cpus)}, size_{layout.head + layout.block * blocks_}, map_{std::move(map)}
{
    const auto info = info_of<bpf_map_info>(map_.get());
    if (info.id != id || info.type != BPF_MAP_TYPE_ARRAY || info.max_entries != 1 || info.value_size != size_ ||
        !(info.map_flags & BPF_F_MMAPABLE))
        throw std::runtime_error{"it is another map"};
    map_memory();
}

void Slots::map_memory()
{
    memory_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, map_.get(), 0);
    if (memory_ == MAP_FAILED)
        fail("mapping a BPF map");
}

Slots::~Slots()
{
    munmap(memory_, size_);
}

void Slots::give_to(bpf_object *object, bpf_map *bss) const
{
    cut_image(bss, size_);
    if (bpf_map__reuse_fd(bss, map_.get()) != 0)
        fail("giving a BPF map to an object");
    put_immediate(object, BPF_ALU64 | BPF_AND | BPF_K, KTALLY_MAX_CPUS - 1, static_cast<__s32>(blocks_ - 1));
}

} // namespace ktally
