// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keep/record.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace ktally {
namespace {

Fd copy_of(const Record &record)
{
    return Fd{fcntl(record.fd(), F_DUPFD_CLOEXEC, 0)};
}

void expect_refused(Fd fd, const std::string &why)
{
    try {
        const Record record{std::move(fd)};
        ADD_FAILURE() << "taken over: " << record.text();
    } catch (const std::runtime_error &error) {
        EXPECT_EQ(error.what(), why);
    }
}

// Somebody else's hand in the memory.
template <typename Value> void put(const Record &record, std::size_t offset, const Value &value)
{
    ASSERT_EQ(pwrite(record.fd(), &value, sizeof value, static_cast<off_t>(offset)), ssize_t{sizeof value});
}

constexpr std::size_t place_of(std::uint64_t text)
{
    return offsetof(Record::Memory, texts) + text * sizeof(Record::Text);
}

std::uint64_t current(const Record &record)
{
    std::uint64_t number = 2;
    EXPECT_EQ(pread(record.fd(), &number, sizeof number, offsetof(Record::Memory, current)), ssize_t{sizeof number});
    return number;
}

TEST(Record, IsEmptyAtFirst)
{
    const Record record;
    EXPECT_EQ(record.text(), "");
    EXPECT_EQ(Record{copy_of(record)}.text(), "");
}

TEST(Record, IsReadByTheNextAsItWasWritten)
{
    Record record;
    record.write("a text");
    EXPECT_EQ(Record{copy_of(record)}.text(), "a text");
}

TEST(Record, IsReplacedByTextsOfAnyLength)
{
    Record record;
    for (std::size_t size :
         {std::size_t{10}, std::size_t{5}, std::size_t{5000}, std::size_t{0}, Record::longest, std::size_t{1}}) {
        const std::string text(size, static_cast<char>('a' + size % 26));
        record.write(text);
        EXPECT_EQ(record.text(), text);
        EXPECT_EQ(Record{copy_of(record)}.text(), text);
    }
}

TEST(Record, KeepsWhatItHasRatherThanATextThatIsTooLong)
{
    Record record;
    record.write("a text");
    EXPECT_THROW(record.write(std::string(Record::longest + 1, 'x')), std::length_error);
    EXPECT_EQ(record.text(), "a text");
}

// A process that is killed while it writes has written some of the other text.
TEST(Record, KeepsTheOldTextWhileTheNewOneIsWritten)
{
    Record record;
    record.write("the old text");
    put(record, place_of(1 - current(record)) + offsetof(Record::Text, bytes), "the new");
    put(record, place_of(1 - current(record)) + offsetof(Record::Text, size), std::uint64_t{9999});
    EXPECT_EQ(Record{copy_of(record)}.text(), "the old text");
}

TEST(Record, HasAStampThatTextsDoNotTouch)
{
    Record record;
    EXPECT_EQ(record.stamp(), 0u);
    record.stamp(1234);
    record.write("a text");
    const Record next{copy_of(record)};
    EXPECT_EQ(next.stamp(), 1234u);
    record.stamp(5678);
    EXPECT_EQ(next.stamp(), 5678u);
    EXPECT_EQ(next.text(), "a text");
}

TEST(Record, TakesMemoryForItsTextOnly)
{
    Record record;
    record.write("a text");
    record.write("another");
    struct stat status {};
    ASSERT_EQ(fstat(record.fd(), &status), 0);
    EXPECT_LE(status.st_blocks * 512, 4 * sysconf(_SC_PAGESIZE));
}

TEST(Record, RefusesWhatIsNoMemoryFile)
{
    expect_refused(Fd{open("/dev/null", O_RDWR | O_CLOEXEC)}, "it is no record");
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const Fd other{ends[1]};
    expect_refused(Fd{ends[0]}, "it is no record");
}

TEST(Record, RefusesAMemoryFileOfSomebodyElse)
{
    expect_refused(Fd{memfd_create("other", MFD_CLOEXEC)}, "it is no record");
    Fd as_long{memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    ASSERT_EQ(ftruncate(as_long.get(), sizeof(Record::Memory)), 0);
    const Fd copy{fcntl(as_long.get(), F_DUPFD_CLOEXEC, 0)};
    expect_refused(std::move(as_long), "it is no record"); // could be made shorter while it is read
    ASSERT_EQ(fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    expect_refused(Fd{fcntl(copy.get(), F_DUPFD_CLOEXEC, 0)}, "it is no record");
}

TEST(Record, CannotBeCutShort)
{
    const Record record;
    EXPECT_EQ(ftruncate(record.fd(), 100), -1);
}

TEST(Record, RefusesATextThatWasChanged)
{
    Record record;
    record.write("a text");
    put(record, place_of(current(record)) + offsetof(Record::Text, bytes), '?');
    expect_refused(copy_of(record), "the record is damaged");
}

TEST(Record, RefusesATextOfAnyOtherSize)
{
    for (std::uint64_t size : {std::uint64_t{5}, std::uint64_t{Record::longest + 1}, ~std::uint64_t{0}}) {
        Record record;
        record.write("a text");
        put(record, place_of(current(record)) + offsetof(Record::Text, size), size);
        expect_refused(copy_of(record), "the record is damaged");
    }
}

TEST(Record, RefusesAThirdText)
{
    const Record record;
    put(record, offsetof(Record::Memory, current), std::uint64_t{2});
    expect_refused(copy_of(record), "it is no record");
}

} // namespace
} // namespace ktally
