// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixture.hpp"

namespace ktally::test {
namespace {

TopRow process(std::uint32_t pid, const char *command, std::uint64_t descriptors, std::uint64_t limit)
{
    return {
        pid, command, "web.service", descriptors,
        std::map<std::string, sdbus::Variant>{{"uid", sdbus::Variant{0u}},
                                              {"parent_pid", sdbus::Variant{1u}},
                                              {"descriptors", sdbus::Variant{static_cast<std::uint32_t>(descriptors)}},
                                              {"descriptor_limit", sdbus::Variant{limit}}}};
}

class DescriptorsCommand : public CtlTest {
protected:
    void SetUp() override
    {
        CtlTest::SetUp();
        if (IsSkipped())
            return;
        answers().top = {process(4711, "leaky", 900, 1'024), process(7, "server", 12, UINT64_MAX),
                         process(8, "quiet", 4, 524'288)};
        answers().machine.descriptors = 12'345;
    }
};

TEST_F(DescriptorsCommand, PrintsWhoHasMostAndHowManyThereAre)
{
    EXPECT_EQ(text({"descriptors"}), "DESCRIPTORS     LIMIT  USED %   PID  USER  COMMAND  UNIT\n"
                                     "        900     1,024    87.9  4711  root  leaky    web.service\n"
                                     "         12  infinity       -     7  root  server   web.service\n"
                                     "          4   524,288     0.0     8  root  quiet    web.service\n"
                                     "\n"
                                     "12,345 descriptors open on this machine.\n");
    EXPECT_EQ(answers().asked.counter, "Files.DescriptorsCurrent");
    EXPECT_EQ(answers().asked.limit, 10u);
}

TEST_F(DescriptorsCommand, AsksForAsManyAsAreWanted)
{
    text({"descriptors", "-n", "25", "--own"});
    EXPECT_EQ(answers().asked.limit, 25u);
    EXPECT_TRUE(answers().asked.options.at("own").get<bool>());
}

TEST_F(DescriptorsCommand, DoesWithoutATotal)
{
    answers().machine.descriptors = absent_total;
    answers().top.clear();
    EXPECT_EQ(text({"descriptors"}), "");
    EXPECT_TRUE(json({"descriptors"})["open"].is_null());
}

TEST_F(DescriptorsCommand, PrintsJson)
{
    const auto shown = json({"descriptors"});
    EXPECT_EQ(shown["open"], 12'345);
    ASSERT_EQ(shown["processes"].size(), 3u);
    EXPECT_EQ(shown["processes"][0]["command"], "leaky");
    EXPECT_EQ(shown["processes"][0]["count"], 900);
    EXPECT_EQ(shown["processes"][0]["descriptor_limit"], 1'024);
    EXPECT_EQ(shown["processes"][1]["descriptor_limit"], UINT64_MAX);
}

} // namespace
} // namespace ktally::test
