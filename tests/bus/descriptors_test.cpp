// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ktally::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char *files = "org.ktally1.Files";

class Descriptors : public AccountsTest {
protected:
    Descriptors() { configuration_ += "LeakSamples=12\n"; }

    std::uint64_t current() const { return root_->number(files, "DescriptorsCurrent"); }
    std::vector<std::vector<std::string>> suspicions() const
    {
        std::vector<std::vector<std::string>> suspicions;
        for (const Signal &signal : root_->signals())
            if (signal.member == "DescriptorLeakSuspected")
                suspicions.push_back(signal.arguments);
        return suspicions;
    }
    bool see_sample()
    {
        const auto seen = [this] { return std::ranges::count(root_->signals(), "SampleTaken", &Signal::member); };
        return root_->until([&, before = seen()] { return seen() > before; });
    }
};

TEST_F(Descriptors, AreThoseOfAllProcesses)
{
    process(21, root_cgroup).descriptors = 10;
    process(22, cgroup("cron.service")).descriptors = 20;
    EXPECT_EQ(current(), 30u);
}

TEST_F(Descriptors, OfASharedTableCountOnce)
{
    process(21, root_cgroup).descriptors = 10;
    SharedProcess &sharing = process(22, root_cgroup);
    sharing.descriptors = 10;
    sharing.descriptor_table = 21;
    EXPECT_EQ(current(), 10u);
}

TEST_F(Descriptors, AreNeverSignalled)
{
    root_->watch();
    process(21, root_cgroup).descriptors = 10;
    ASSERT_TRUE(see_sample());
    ASSERT_TRUE(see_sample());
    for (const Signal &signal : root_->signals()) {
        EXPECT_FALSE(signal.changed.contains("DescriptorsCurrent"));
        EXPECT_THAT(signal.invalidated, IsEmpty());
    }
}

TEST_F(Descriptors, ThatComeNearTheLimitAreALeak)
{
    root_->watch();
    SharedProcess &leaky = process(21, cgroup("leaky.service"), "leaky");
    leaky.descriptors = 900;
    ASSERT_TRUE(root_->until([this] { return !suspicions().empty(); }));
    ASSERT_TRUE(see_sample());
    ASSERT_TRUE(see_sample());
    EXPECT_THAT(suspicions(), ElementsAre(ElementsAre("21", "leaky", "leaky.service", "900", "1024")));
    EXPECT_TRUE(eventually([this] {
        return log().find("process 21 (leaky, leaky.service) seems to leak file descriptors: it has 900 of at most "
                          "1024\n") != std::string::npos;
    })) << log();
}

TEST_F(Descriptors, ThatGrowAndGrowAreALeak)
{
    root_->watch();
    SharedProcess &leaky = process(21, root_cgroup, "leaky");
    leaky.descriptors = 50;
    for (int sample = 0; sample < 100 && suspicions().empty(); ++sample) {
        ++leaky.descriptors;
        ASSERT_TRUE(see_sample());
    }
    ASSERT_FALSE(suspicions().empty());
    EXPECT_EQ(suspicions()[0][0], "21");
    EXPECT_EQ(suspicions()[0][2], "-.slice");
}

TEST_F(Descriptors, ThatAreClosedAreNoLeak)
{
    root_->watch();
    SharedProcess &busy = process(21, root_cgroup, "busy");
    for (std::uint32_t sample = 0; sample < 40; ++sample) {
        busy.descriptors = 50 + sample % 8 * 10;
        ASSERT_TRUE(see_sample());
    }
    EXPECT_THAT(suspicions(), IsEmpty());
}

TEST_F(Descriptors, LeakWithoutAccountingToo)
{
    accounts().state = static_cast<std::uint32_t>(ProbeState::absent);
    root_->watch();
    process(21, root_cgroup, "leaky").descriptors = 900;
    EXPECT_EQ(current(), 900u);
    ASSERT_TRUE(root_->until([this] { return !suspicions().empty(); }));
    EXPECT_EQ(suspicions()[0][1], "leaky");
}

} // namespace
} // namespace ktally::test
