// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keep/record.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

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
    for (std::size_t size : {10, 5, 5000, 1, 0, 300, 5000, 5001, 2}) {
        const std::string text(size, static_cast<char>('a' + size % 26));
        record.write(text);
        EXPECT_EQ(Record{copy_of(record)}.text(), text);
    }
}

TEST(Record, GrowsToNoMoreThanThreeTexts)
{
    Record record;
    for (int round = 0; round < 1000; ++round)
        record.write(std::string(static_cast<std::size_t>(100 + round % 7), 'x'));
    EXPECT_LT(lseek(record.fd(), 0, SEEK_END), 64 + 3 * 107);
}

// A process that is killed while it writes has written some of the new text, and no header.
TEST(Record, KeepsTheOldTextWhileTheNewOneIsWritten)
{
    Record record;
    record.write("the old text");
    const std::uint64_t behind = static_cast<std::uint64_t>(lseek(record.fd(), 0, SEEK_END));
    ASSERT_EQ(pwrite(record.fd(), "the new", 7, static_cast<off_t>(behind)), 7);
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

TEST(Record, RefusesWhatIsNoMemoryFile)
{
    expect_refused(Fd{open("/dev/null", O_RDWR | O_CLOEXEC)}, "it is no memory file");
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const Fd other{ends[1]};
    expect_refused(Fd{ends[0]}, "it is no memory file");
}

TEST(Record, RefusesAMemoryFileOfSomebodyElse)
{
    expect_refused(Fd{memfd_create("other", MFD_CLOEXEC)}, "it is no record");
    Fd other{memfd_create("other", MFD_CLOEXEC)};
    const std::string text(200, 'x');
    ASSERT_EQ(write(other.get(), text.data(), text.size()), 200);
    expect_refused(std::move(other), "it is no record");
}

TEST(Record, RefusesATextThatWasChanged)
{
    Record record;
    record.write("a text");
    ASSERT_EQ(pwrite(record.fd(), "?", 1, 66), 1);
    expect_refused(copy_of(record), "the record is damaged");
}

TEST(Record, RefusesATextThatIsCutShort)
{
    Record record;
    record.write("a text");
    ASSERT_EQ(ftruncate(record.fd(), 66), 0);
    expect_refused(copy_of(record), "the record is cut short");
}

TEST(Record, RefusesAHeaderOfAnySize)
{
    for (std::uint64_t size : {std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        Record record;
        record.write("a text");
        ASSERT_EQ(pwrite(record.fd(), &size, sizeof size, 16), 8);
        expect_refused(copy_of(record), "the record is cut short");
    }
}

} // namespace
} // namespace ktally
