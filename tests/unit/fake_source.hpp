// SPDX-License-Identifier: LGPL-2.1-or-later
//
// FakeSource: a source whose numbers the test writes, and whose return program attaches or fails as the test says.
#pragma once

#include "core/source.hpp"
#include "fake_accounts.hpp"

#include <cerrno>
#include <system_error>

namespace ktally::test {

class FakeSource final : public Source {
public:
    Beginning beginning() const override { return {}; }
    std::uint64_t total(Counter counter) const override { return totals[static_cast<std::size_t>(counter)]; }
    std::vector<ErrorCount> errors() const override { return {}; }
    std::vector<Probe> probes() const override { return {}; }

    void attach_return() override
    {
        ++attaches;
        if (attach_fails)
            throw std::system_error{ENOTSUP, std::generic_category(), "attaching"};
        attached = true;
    }

    void detach_return() override
    {
        ++detaches;
        attached = false;
    }

    bool return_attached() const override { return attached; }
    Accounts &accounts() override { return accounts_; }
    std::uint64_t unattributed() const override { return 0; }

    Totals totals{};
    bool attach_fails = false;
    bool attached = false;
    int attaches = 0;
    int detaches = 0;
    FakeAccounts accounts_;
};

} // namespace ktally::test
