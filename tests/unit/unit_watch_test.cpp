// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/unit_watch.hpp"
#include "fake_accounts.hpp"

#include <gmock/gmock.h>

namespace ktally {
namespace {

using namespace std::chrono_literals;
using test::FakeAccounts;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr MonotonicTime start{100s};

class UnitWatchTest : public testing::Test {
protected:
    UnitWatchTest()
    {
        accounts_.cgroups_.push_back({2, 1, "cron.service", false, {}});
        watch_.tell([this](const Units::Change &change) { told_.push_back(change); });
    }
    void end_cron()
    {
        accounts_.cgroups_[1].gone = true;
        ++accounts_.changes_;
    }

    FakeAccounts accounts_;
    UnitWatch watch_{accounts_};
    std::vector<Units::Change> told_;
};

TEST_F(UnitWatchTest, IsDueUntilItReadForTheFirstTime)
{
    EXPECT_TRUE(watch_.due(start));
    watch_.read(start);
    EXPECT_FALSE(watch_.due(start + 1h));
}

TEST_F(UnitWatchTest, IsDueWhenACgroupCameOrWent)
{
    watch_.read(start);
    ++accounts_.changes_;
    EXPECT_TRUE(watch_.due(start + 1s));
    watch_.read(start + 1s);
    EXPECT_FALSE(watch_.due(start + 2s));
}

TEST_F(UnitWatchTest, IsDueWhenAnEndedUnitHasBeenShownLongEnough)
{
    watch_.read(start);
    end_cron();
    watch_.read(start + 1s);
    EXPECT_FALSE(watch_.due(start + 30s));
    EXPECT_TRUE(watch_.due(start + 31s));
    watch_.read(start + 31s);
    EXPECT_FALSE(watch_.due(start + 1h));
}

TEST_F(UnitWatchTest, TellsWhatCameAndWent)
{
    watch_.read(start);
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_THAT(told_[0].added, ElementsAre("-.slice", "cron.service"));
    EXPECT_THAT(told_[0].removed, IsEmpty());
    watch_.read(start + 1s);
    EXPECT_THAT(told_, SizeIs(1)) << "nothing did";
    end_cron();
    watch_.read(start + 2s);
    watch_.read(start + 32s);
    ASSERT_THAT(told_, SizeIs(2));
    EXPECT_THAT(told_[1].removed, ElementsAre("cron.service"));
}

TEST_F(UnitWatchTest, HasTheAccountsForgetWhatIsOver)
{
    watch_.read(start);
    end_cron();
    watch_.read(start + 1s);
    EXPECT_THAT(accounts_.cgroups_, SizeIs(2));
    watch_.read(start + 31s);
    EXPECT_THAT(accounts_.cgroups_, SizeIs(1));
}

TEST_F(UnitWatchTest, ReadsNothingWithoutAccounting)
{
    accounts_.mechanism_ = {"", ProbeState::absent, "Accounting=no"};
    EXPECT_FALSE(watch_.available());
    EXPECT_FALSE(watch_.due(start));
    watch_.read(start);
    EXPECT_THAT(watch_.units().all(), IsEmpty());
}

TEST(UnitWatch, ReadsNothingWithoutCgroups)
{
    FakeAccounts accounts;
    accounts.root_ = 0;
    UnitWatch watch{accounts};
    EXPECT_FALSE(watch.available());
    watch.read(start);
    EXPECT_THAT(watch.units().all(), IsEmpty());
}

} // namespace
} // namespace ktally
