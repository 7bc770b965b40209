// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Object: one of the two BPF objects that count, loaded with the best that this kernel does not refuse, however often
// it has to be asked for that. object.cpp is the only user of the skeletons' programs.
#pragma once

#include "kernel/account_maps.hpp"
#include "kernel/programs.hpp"
#include "kernel/slots.hpp"

#include <cstdint>
#include <memory>

struct entry_bpf;
struct return_bpf;

namespace ktally {

struct DestroySkeleton {
    void operator()(entry_bpf *skeleton) const;
    void operator()(return_bpf *skeleton) const;
};

// The skeleton goes last: the programs need it.
template <typename Skeleton> struct Object {
    std::unique_ptr<Skeleton, DestroySkeleton> skeleton; // none if the programs are an earlier instance's
    Programs programs;
};

// Where an object counts.
struct Counted {
    const Slots &slots;
    const AccountMaps &accounts; // of the entry object
};

// Loads an object, to count there; what turns out to be refused is noted and left out, down to no program at all.
// Throws std::system_error if not even that is let.
template <typename Skeleton> Object<Skeleton> load(const KernelBtf &btf, Counted in, Refusals &refusals);

// Attaches an object. What the kernel refuses only now is noted, and the object loaded again without it.
template <typename Skeleton>
void attach(Object<Skeleton> &object, const KernelBtf &btf, Counted in, Refusals &refusals);

// The accounts of this kernel, found out by loading what counts in them, the entry program's.
AccountMaps make_account_maps(const KernelBtf &btf, const Slots &slots);

// Of both objects as they were compiled: their programs and the layout of what they count in.
std::uint64_t objects_fingerprint();

extern template Object<entry_bpf> load(const KernelBtf &, Counted, Refusals &);
extern template Object<return_bpf> load(const KernelBtf &, Counted, Refusals &);
extern template void attach(Object<entry_bpf> &, const KernelBtf &, Counted, Refusals &);
extern template void attach(Object<return_bpf> &, const KernelBtf &, Counted, Refusals &);

} // namespace ktally
