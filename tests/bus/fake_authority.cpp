// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_authority.hpp"

#include <utility>

namespace ktally::test {

using Authorization = sdbus::Struct<bool, bool, std::map<std::string, std::string>>;
using Subject = sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>>;
using Answer = sdbus::Result<Authorization>;

class FakeAuthority::Object final : public sdbus::AdaptorInterfaces<org::freedesktop::PolicyKit1::Authority_adaptor> {
public:
    Object(sdbus::IConnection &connection, Verdict verdict)
        : AdaptorInterfaces{connection, sdbus::ObjectPath{"/org/freedesktop/PolicyKit1/Authority"}}, verdict_{verdict}
    {
        registerAdaptor();
    }
    ~Object() { unregisterAdaptor(); }

    std::vector<Asked> asked() const
    {
        const std::lock_guard lock{mutex_};
        return asked_;
    }

    void answer_open(bool allowed)
    {
        const std::lock_guard lock{mutex_};
        for (const Answer &answer : open_)
            answer.returnResults(Authorization{allowed, false, {}});
        open_.clear();
    }

private:
    void CheckAuthorization(Answer &&answer, Subject subject, std::string action_id, std::map<std::string, std::string>,
                            std::uint32_t flags, std::string) override
    {
        const std::lock_guard lock{mutex_};
        asked_.push_back({std::get<0>(subject), std::get<1>(subject).at("name").get<std::string>(), action_id, flags});
        if (verdict_ == Verdict::open)
            open_.push_back(std::move(answer));
        else if (verdict_ == Verdict::error)
            answer.returnError(dbus::error("org.freedesktop.PolicyKit1.Error.Failed", "no rules"));
        else
            answer.returnResults(Authorization{verdict_ == Verdict::allowed, verdict_ == Verdict::challenge, {}});
    }

    const Verdict verdict_;
    mutable std::mutex mutex_;
    std::vector<Asked> asked_;
    std::list<Answer> open_;
};

FakeAuthority::FakeAuthority(Verdict verdict)
    : connection_{sdbus::createSystemBusConnection()}, object_{std::make_unique<Object>(*connection_, verdict)}
{
    connection_->requestName(dbus::ServiceName{"org.freedesktop.PolicyKit1"});
    connection_->enterEventLoopAsync();
}

FakeAuthority::~FakeAuthority()
{
    connection_->leaveEventLoop();
}

std::vector<Asked> FakeAuthority::asked() const
{
    return object_->asked();
}

void FakeAuthority::answer_open(bool allowed)
{
    object_->answer_open(allowed);
}

void FakeAuthority::reach_daemon()
{
    const auto daemon =
        sdbus::createProxy(*connection_, dbus::ServiceName{"org.ktally1"}, sdbus::ObjectPath{"/org/ktally1"});
    daemon->callMethod("Ping").onInterface("org.freedesktop.DBus.Peer");
}

} // namespace ktally::test
