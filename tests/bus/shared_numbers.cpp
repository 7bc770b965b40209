// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shared_numbers.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ktally::test {

SharedFile::SharedFile(const std::filesystem::path &file)
{
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || ftruncate(fd, sizeof(SharedNumbers)) != 0)
        throw std::system_error{errno, std::generic_category(), file.string()};
    void *memory = mmap(nullptr, sizeof(SharedNumbers), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const int error = errno;
    close(fd);
    if (memory == MAP_FAILED)
        throw std::system_error{error, std::generic_category(), file.string()};
    numbers_ = static_cast<SharedNumbers *>(memory);
}

SharedFile::~SharedFile()
{
    munmap(numbers_, sizeof(SharedNumbers));
}

} // namespace ktally::test
