// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What one KernelSource leaves in a store, another takes over: with the real programs on the running kernel, in this
// process. And whatever else lies in the store is refused.
#include "keep/record.hpp"
#include "kernel/kernel_source.hpp"
#include "memory_fd_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <optional>

namespace ktally::test {
namespace {

using testing::HasSubstr;

constexpr MonotonicTime start{std::chrono::seconds{5}};
constexpr MonotonicTime later{std::chrono::seconds{9}};
constexpr std::uint64_t calls = 1000;

// Fsyncs is the counter that others move least.
void fail_to_sync()
{
    for (std::uint64_t call = 0; call < calls; ++call)
        (void)fsync(-1);
}

class Handover : public testing::Test {
protected:
    void SetUp() override
    {
        if (geteuid() != 0)
            GTEST_SKIP() << "not root: BPF programs cannot be loaded";
    }

    // As after kill -9: nothing is taken back.
    void begin(const Config &config = {}, MonotonicTime now = later)
    {
        source_.reset();
        source_.emplace(config, store_, now);
    }

    // What an instance counted that is not there any more.
    void leave(bool with_return = false)
    {
        begin({}, start);
        if (with_return)
            source_->attach_return();
        source_.reset();
    }

    void replace(const std::string &name, int fd)
    {
        ASSERT_EQ(store_.kept.erase(name), 1u) << name;
        store_.put(name, fd);
    }

    void expect_refused(const std::string &reason)
    {
        const Beginning beginning = source_->beginning();
        EXPECT_FALSE(beginning.adopted);
        EXPECT_EQ(beginning.since, later);
        ASSERT_TRUE(beginning.refusal) << "nothing was refused";
        EXPECT_THAT(*beginning.refusal, HasSubstr(reason));
        // And it left what the next one can take over.
        begin();
        EXPECT_TRUE(source_->beginning().adopted) << source_->beginning().refusal.value_or("");
    }

    std::uint64_t fsyncs() const { return source_->total(Counter::Fsyncs); }
    std::uint64_t fsync_errors() const { return source_->total(Counter::FsyncErrors); }

    MemoryFdStore store_;
    std::optional<KernelSource> source_;
};

TEST_F(Handover, TheFirstFindsNothing)
{
    begin();
    EXPECT_FALSE(source_->beginning().adopted);
    EXPECT_FALSE(source_->beginning().refusal);
    EXPECT_EQ(source_->beginning().since, later);
}

TEST_F(Handover, TheNextGoesOnWithTheTotalsAndWhatHappenedMeanwhile)
{
    begin({}, start);
    fail_to_sync();
    const std::uint64_t before = fsyncs();
    EXPECT_GE(before, calls);
    source_.reset();
    fail_to_sync();
    begin();
    EXPECT_TRUE(source_->beginning().adopted);
    EXPECT_EQ(source_->beginning().since, start);
    EXPECT_GE(fsyncs(), before + calls);
    fail_to_sync();
    EXPECT_GE(fsyncs(), before + 2 * calls);
}

TEST_F(Handover, TheNextKnowsWhereEachNumberComesFrom)
{
    begin({}, start);
    const std::vector<Probe> before = source_->probes();
    begin();
    const std::vector<Probe> after = source_->probes();
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t index = 0; index < before.size(); ++index) {
        EXPECT_EQ(after[index].source, before[index].source);
        EXPECT_EQ(after[index].state, before[index].state);
    }
}

TEST_F(Handover, GoesOnAndOn)
{
    leave();
    const auto names = [this] {
        std::vector<std::string> all;
        for (const auto &[name, fd] : store_.kept)
            all.push_back(name);
        return all;
    };
    const auto left = names();
    for (int instance = 0; instance < 20; ++instance) {
        begin();
        ASSERT_TRUE(source_->beginning().adopted);
        ASSERT_EQ(names(), left);
    }
}

TEST_F(Handover, TheReturnProgramStaysAttached)
{
    leave(true);
    fail_to_sync();
    begin();
    EXPECT_TRUE(source_->beginning().adopted);
    EXPECT_TRUE(source_->return_attached());
    EXPECT_GE(fsync_errors(), calls);
}

TEST_F(Handover, TheReturnProgramCanBeSwitchedByTheNext)
{
    leave(true);
    begin();
    source_->detach_return();
    const std::uint64_t before = fsync_errors();
    fail_to_sync();
    EXPECT_EQ(fsync_errors(), before);
    source_->attach_return();
    fail_to_sync();
    EXPECT_GE(fsync_errors(), before + calls);
    begin();
    EXPECT_TRUE(source_->return_attached());
}

TEST_F(Handover, TheReturnProgramStaysDetached)
{
    begin({}, start);
    source_->attach_return();
    source_->detach_return();
    begin();
    EXPECT_TRUE(source_->beginning().adopted);
    EXPECT_FALSE(source_->return_attached());
    const std::uint64_t before = fsync_errors();
    fail_to_sync();
    EXPECT_EQ(fsync_errors(), before);
}

// The instance was killed when it had attached the return program, and before it had written that down.
TEST_F(Handover, ASwitchThatWasNotFinishedIsTakenBack)
{
    begin({}, start);
    source_->attach_return();
    const std::multimap<std::string, Fd> attached = store_.take("");
    source_->detach_return();
    source_.reset();
    const std::size_t before = store_.kept.size();
    for (const auto &[name, fd] : attached)
        if (!store_.kept.contains(name))
            store_.put(name, fd.get());
    EXPECT_GT(store_.kept.size(), before);
    begin();
    EXPECT_TRUE(source_->beginning().adopted);
    EXPECT_FALSE(source_->return_attached());
    EXPECT_EQ(store_.kept.size(), before);
}

TEST_F(Handover, AnotherConfigurationStartsAfresh)
{
    leave();
    Config config;
    config.exclude = {"vfs_unlink"};
    begin(config);
    EXPECT_FALSE(source_->beginning().adopted);
    EXPECT_THAT(source_->beginning().refusal.value_or(""), HasSubstr("another build or configuration"));
    EXPECT_LT(fsyncs(), calls);
}

// A build with another layout has another fingerprint; here the one that was left is changed.
TEST_F(Handover, AnotherBuildStartsAfresh)
{
    leave();
    Record record{copy_of(store_.kept.find("kernel/inventory")->second.get())};
    std::string text = record.text();
    const auto digit = text.find("\"fingerprint\":") + 14;
    text[digit] = text[digit] == '1' ? '2' : '1';
    record.write(text);
    begin();
    expect_refused("another build or configuration");
}

TEST_F(Handover, WithoutAnInventoryNothingIsTaken)
{
    leave();
    store_.remove({"kernel/inventory"});
    begin();
    expect_refused("kernel/inventory is missing");
}

TEST_F(Handover, AnInventoryThatIsDamagedIsRefused)
{
    leave();
    const int fd = store_.kept.find("kernel/inventory")->second.get();
    for (std::size_t text : {0, 1}) {
        const std::size_t place = offsetof(Record::Memory, texts) + text * sizeof(Record::Text);
        ASSERT_EQ(pwrite(fd, "?", 1, static_cast<off_t>(place + offsetof(Record::Text, bytes))), 1);
    }
    begin();
    expect_refused("kernel/inventory: the record is damaged");
}

TEST_F(Handover, AnInventoryThatMakesNoSenseIsRefused)
{
    for (const char *text : {"", "{}", "[1,2]", "{\"fingerprint\":\"x\"}", "\xff\xfe", "null"}) {
        leave();
        Record{copy_of(store_.kept.find("kernel/inventory")->second.get())}.write(text);
        begin();
        expect_refused("it makes no sense");
    }
}

TEST_F(Handover, AnInventoryOfOtherCountersIsRefused)
{
    leave();
    Record record{copy_of(store_.kept.find("kernel/inventory")->second.get())};
    std::string text = record.text();
    text.replace(text.find("\"last\":1"), 8, "\"last\":9");
    record.write(text);
    begin();
    expect_refused("it does not count");
}

class ForeignDescriptor : public Handover, public testing::WithParamInterface<const char *> {};

INSTANTIATE_TEST_SUITE_P(Handover, ForeignDescriptor,
                         testing::Values("kernel/inventory", "kernel/entry-slots", "kernel/return-slots",
                                         "kernel/tp_exec", "kernel/tp_exec-link"),
                         [](const auto &name) {
                             std::string text = name.param;
                             std::ranges::replace_if(
                                 text, [](char each) { return each == '/' || each == '-'; }, '_');
                             return text;
                         });

TEST_P(ForeignDescriptor, IsRefused)
{
    leave();
    const Fd slots = copy_of(store_.kept.find("kernel/entry-slots")->second.get());
    const Fd program = copy_of(store_.kept.find("kernel/tp_fork")->second.get());
    const Fd link = copy_of(store_.kept.find("kernel/tp_fork-link")->second.get());
    const Fd other{open("/dev/null", O_RDONLY | O_CLOEXEC)};
    for (const Fd *foreign : {&other, &slots, &program, &link}) {
        if (foreign == &slots && std::string_view{GetParam()} == "kernel/entry-slots")
            continue;
        replace(GetParam(), foreign->get());
        begin();
        expect_refused(GetParam());
        source_.reset();
    }
}

TEST_P(ForeignDescriptor, IsRefusedBesideOurs)
{
    leave();
    const Fd other{open("/dev/null", O_RDONLY | O_CLOEXEC)};
    store_.put(GetParam(), other.get());
    begin();
    expect_refused(std::string{GetParam()} + " is there more than once");
}

TEST_P(ForeignDescriptor, IsRefusedInThePlaceOfNothing)
{
    leave();
    store_.remove({GetParam()});
    begin();
    expect_refused(std::string{GetParam()} + " is missing");
}

TEST_F(Handover, WhatTheInventoryDoesNotNameIsRemoved)
{
    leave();
    const std::size_t before = store_.kept.size();
    const Fd other{open("/dev/null", O_RDONLY | O_CLOEXEC)};
    store_.put("kernel/something", other.get());
    begin();
    EXPECT_TRUE(source_->beginning().adopted);
    EXPECT_EQ(store_.kept.size(), before);
}

} // namespace
} // namespace ktally::test
