// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The whole daemon with a source that the test writes: server NUMBERS CONFIG [USEC [LINGER_USEC]]. Reads CONFIG as
// ktallyd --config does; USEC, if it is not 0, is an interval shorter than that takes, LINGER_USEC how long a unit is
// shown after its end.
#include "accounts_in_file.hpp"
#include "daemon.hpp"
#include "log.hpp"
#include "monotonic_clock.hpp"
#include "shared_numbers.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>

namespace {

using namespace ktally;

class FakeSource final : public Source {
public:
    explicit FakeSource(const char *file) : file_{file} {}

    Beginning beginning() const override { return {monotonic_now()}; }

    std::uint64_t total(Counter counter) const override
    {
        return counter == test::absent_counter ? absent_total : file_.total(counter).load();
    }

    std::vector<ErrorCount> errors() const override
    {
        std::vector<ErrorCount> rows;
        for (const test::SharedError &row : file_.numbers().errors)
            if (row.count > 0)
                rows.push_back({static_cast<ktally_operation>(row.operation.load()), row.error, row.count});
        return rows;
    }

    std::vector<Probe> probes() const override
    {
        std::vector<Probe> probes;
        for (const CounterRow &counter : counters) {
            const Hook &hook = hooks[counter.first];
            const bool by_call = counter.unit == Unit::calls;
            const std::string_view function = by_call ? hook.functions[0] : hook.return_functions[0];
            const std::string source = function.empty() ? "tracepoint:" + std::string{hook.tracepoint}
                                                        : (by_call ? "fentry:" : "fexit:") + std::string{function};
            if (counter.counter == test::absent_counter)
                probes.push_back({counter.counter, "", ProbeState::absent, "this kernel has no function vfs_open"});
            else
                probes.push_back(
                    {counter.counter, source, by_call || attached_ ? ProbeState::active : ProbeState::off, ""});
        }
        return probes;
    }

    void attach_return() override
    {
        if (const int error = file_.numbers().attach_error)
            throw std::system_error{error, std::generic_category(), "attaching to fexit:vfs_read"};
        attached_ = true;
        file_.numbers().attached = 1;
    }

    void detach_return() override
    {
        attached_ = false;
        file_.numbers().attached = 0;
    }

    bool return_attached() const override { return attached_; }
    Accounts &accounts() override { return accounts_; }
    std::uint64_t unattributed() const override { return file_.numbers().accounts.unattributed; }

private:
    test::SharedFile file_;
    bool attached_ = false;
    test::AccountsInFile accounts_{file_.numbers().accounts};
};

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 5) {
        std::fputs("server NUMBERS CONFIG [USEC [LINGER_USEC]]\n", stderr);
        return 2;
    }
    try {
        const auto load = [argc, argv] {
            Config config = load_config(argv[2]).config;
            if (argc > 3 && std::stol(argv[3]) > 0)
                config.interval = std::chrono::microseconds{std::stol(argv[3])};
            return config;
        };
        const auto linger = argc > 4 ? std::chrono::microseconds{std::stol(argv[4])} : unit_linger;
        ServiceManager manager;
        Daemon daemon{manager, std::make_unique<FakeSource>(argv[1]), load(), load, linger};
        return daemon.run();
    } catch (const std::exception &error) {
        log::error(error.what());
        return EXIT_FAILURE;
    }
}
