// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keep/record.hpp"

#include "keep/fnv.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U // 6.3
#endif

namespace ktally {
namespace {

constexpr std::uint64_t magic = 0x3164726f6365726b; // "krecord1"
constexpr std::uint64_t texts = 64;                 // where they begin
constexpr std::uint64_t largest = 16 << 20;         // bytes; a text has some thousand

Fd create()
{
    // Without the flag newer kernels complain in their log; older ones do not know it.
    Fd fd{memfd_create("ktally-record", MFD_CLOEXEC | MFD_NOEXEC_SEAL)};
    if (!fd && errno == EINVAL)
        fd = Fd{memfd_create("ktally-record", MFD_CLOEXEC)};
    if (!fd)
        throw std::system_error{errno, std::generic_category(), "creating a record in memory"};
    return fd;
}

void write_all(int fd, std::string_view bytes, std::uint64_t offset)
{
    while (!bytes.empty()) {
        const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno != EINTR)
            throw std::system_error{errno, std::generic_category(), "writing a record"};
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            offset += static_cast<std::uint64_t>(written);
        }
    }
}

template <typename Value> std::string_view bytes_of(const Value &value)
{
    return {reinterpret_cast<const char *>(&value), sizeof value};
}

} // namespace

Record::Record() : fd_{create()}, header_{magic, texts, 0, fnv({})}
{
    if (ftruncate(fd_.get(), texts) != 0)
        throw std::system_error{errno, std::generic_category(), "creating a record in memory"};
    write_all(fd_.get(), bytes_of(header_), 0);
    map_stamp();
}

Record::Record(Fd fd) : fd_{std::move(fd)}, header_{}
{
    struct stat status {};
    if (fcntl(fd_.get(), F_GET_SEALS) < 0 || fstat(fd_.get(), &status) != 0)
        throw std::runtime_error{"it is no memory file"};
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (pread(fd_.get(), &header_, sizeof header_, 0) != sizeof header_ || header_.magic != magic)
        throw std::runtime_error{"it is no record"};
    if (header_.size > largest || header_.offset < texts || header_.offset > size ||
        header_.size > size - header_.offset)
        throw std::runtime_error{"the record is cut short"};
    text_.resize(header_.size);
    if (pread(fd_.get(), text_.data(), text_.size(), static_cast<off_t>(header_.offset)) !=
            static_cast<ssize_t>(text_.size()) ||
        fnv(text_) != header_.checksum)
        throw std::runtime_error{"the record is damaged"};
    map_stamp();
}

void Record::map_stamp()
{
    void *page = mmap(nullptr, texts, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (page == MAP_FAILED)
        throw std::system_error{errno, std::generic_category(), "mapping a record"};
    stamp_.reset(static_cast<volatile std::uint64_t *>(page) + sizeof(Header) / sizeof(std::uint64_t));
}

void Record::Unmap::operator()(volatile std::uint64_t *stamp) const
{
    munmap(const_cast<std::uint64_t *>(stamp) - sizeof(Header) / sizeof(std::uint64_t), texts);
}

void Record::write(std::string_view text)
{
    // Beside the text that is valid until the header says otherwise.
    const bool before = texts + text.size() <= header_.offset;
    const Header header{magic, before ? texts : header_.offset + header_.size, text.size(), fnv(text)};
    write_all(fd_.get(), text, header.offset);
    write_all(fd_.get(), bytes_of(header), 0);
    header_ = header;
    text_ = text;
}

} // namespace ktally
