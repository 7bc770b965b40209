// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Shared: a value in memory that a test has in common with the children that it forks.
#pragma once

#include <sys/mman.h>

#include <new>

namespace ktally::test {

template <typename Value> class Shared {
public:
    Shared()
    {
        void *memory = mmap(nullptr, sizeof(Value), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            throw std::bad_alloc{};
        value_ = new (memory) Value{};
    }
    Shared(const Shared &) = delete;
    Shared &operator=(const Shared &) = delete;
    ~Shared() { munmap(value_, sizeof(Value)); }

    Value &operator*() const { return *value_; }
    Value *operator->() const { return value_; }

private:
    Value *value_;
};

} // namespace ktally::test
