// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keep/record.hpp"

#include "keep/fnv.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U // 6.3
#endif

namespace ktally {
namespace {

constexpr std::uint64_t magic = 0x3264726f6365726b; // "krecord2"
// Nobody can make it smaller under our feet.
constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW;

[[noreturn]] void fail(const char *what)
{
    throw std::system_error{errno, std::generic_category(), what};
}

Fd create()
{
    // Without the last flag newer kernels complain in their log; older ones do not know it.
    Fd fd{memfd_create("ktally-record", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)};
    if (!fd && errno == EINVAL)
        fd = Fd{memfd_create("ktally-record", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!fd || ftruncate(fd.get(), sizeof(Record::Memory)) != 0 || fcntl(fd.get(), F_ADD_SEALS, seals) != 0)
        fail("creating a record in memory");
    return fd;
}

Record::Memory *map(int fd)
{
    void *memory = mmap(nullptr, sizeof(Record::Memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        fail("mapping a record");
    return static_cast<Record::Memory *>(memory);
}

std::string_view view(const Record::Text &text)
{
    return {text.bytes, text.size};
}

} // namespace

Record::Record() : fd_{create()}, memory_{map(fd_.get())}
{
    memory_->magic = magic;
    write({});
}

Record::Record(Fd fd) : fd_{std::move(fd)}
{
    const int sealed = fcntl(fd_.get(), F_GET_SEALS);
    struct stat status {};
    if (sealed < 0 || (sealed & seals) != seals || fstat(fd_.get(), &status) != 0 ||
        status.st_size != sizeof(Record::Memory))
        throw std::runtime_error{"it is no record"};
    memory_.reset(map(fd_.get()));
    if (memory_->magic != magic || memory_->current > 1)
        throw std::runtime_error{"it is no record"};
    const Text &text = memory_->texts[memory_->current];
    if (text.size > longest || fnv(view(text)) != text.checksum)
        throw std::runtime_error{"the record is damaged"};
}

std::string Record::text() const
{
    return std::string{view(memory_->texts[memory_->current])};
}

void Record::write(std::string_view text)
{
    if (text.size() > longest)
        throw std::length_error{"a record of " + std::to_string(text.size()) + " bytes is too long"};
    const std::uint64_t other = 1 - memory_->current;
    Text &place = memory_->texts[other];
    text.copy(place.bytes, text.size());
    place.size = text.size();
    place.checksum = fnv(text);
    // The process may be killed before any of these instructions: the text is there before it is current.
    std::atomic_ref{memory_->current}.store(other, std::memory_order_release);
}

std::uint64_t Record::stamp() const
{
    return std::atomic_ref{memory_->stamp}.load(std::memory_order_relaxed);
}

void Record::stamp(std::uint64_t usec)
{
    std::atomic_ref{memory_->stamp}.store(usec, std::memory_order_relaxed);
}

void Record::Unmap::operator()(Memory *memory) const
{
    munmap(memory, sizeof(Memory));
}

} // namespace ktally
