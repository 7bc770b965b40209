// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/authority.hpp"

#include <chrono>
#include <map>

namespace ktally {
namespace {

constexpr const char *polkit_interface = "org.freedesktop.PolicyKit1.Authority";
constexpr std::uint32_t allow_user_interaction = 1; // polkit: CheckAuthorizationFlags
constexpr std::chrono::minutes patience{10};        // longer than any agent waits for a password

using AuthorizationResult = sdbus::Struct<bool, bool, std::map<std::string, std::string>>;

sdbus::Error denied(const std::string &why)
{
    return dbus::error("org.freedesktop.DBus.Error.AccessDenied", why);
}

} // namespace

Caller Caller::of(const sdbus::Message &message)
{
    return {message.getSender(), dbus::allows_interactive_authorization(message)};
}

Authority::Authority(sdbus::IConnection &connection)
    : bus_{sdbus::createProxy(connection, dbus::ServiceName{"org.freedesktop.DBus"},
                              sdbus::ObjectPath{"/org/freedesktop/DBus"})},
      polkit_{sdbus::createProxy(connection, dbus::ServiceName{"org.freedesktop.PolicyKit1"},
                                 sdbus::ObjectPath{"/org/freedesktop/PolicyKit1/Authority"})}
{
}

void Authority::ask(const Caller &caller, const std::string &action, Admit admit, Answer answer)
{
    const auto answer_user = [this, caller, action, admit, answer](std::uint32_t uid,
                                                                   const std::optional<sdbus::Error> &unknown) {
        if (unknown)
            answer(0, unknown);
        else if (const auto refused = admit(uid))
            answer(uid, refused);
        else if (uid == 0 || action.empty())
            answer(uid, std::nullopt);
        else
            ask_polkit(caller, action, uid, answer);
    };
    ask_bus("GetConnectionUnixUser", caller, answer_user);
}

void Authority::ask_process(const Caller &caller, Answer answer)
{
    ask_bus("GetConnectionUnixProcessID", caller, std::move(answer));
}

void Authority::ask_bus(const char *method, const Caller &caller, Answer answer)
{
    bus_->callMethodAsync(method)
        .onInterface("org.freedesktop.DBus")
        .withArguments(caller.name)
        .uponReplyInvoke([answer](dbus::ReplyError error, std::uint32_t id) {
            if (error)
                answer(0, denied("who is calling cannot be told: " + error->getMessage()));
            else
                answer(id, std::nullopt);
        });
}

void Authority::ask_polkit(const Caller &caller, const std::string &action, std::uint32_t uid, Answer answer)
{
    using Subject = sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>>;
    const Subject subject{"system-bus-name",
                          std::map<std::string, sdbus::Variant>{{"name", sdbus::Variant{caller.name}}}};
    polkit_->callMethodAsync("CheckAuthorization")
        .onInterface(polkit_interface)
        .withTimeout(patience)
        .withArguments(subject, action, std::map<std::string, std::string>{},
                       caller.interactive ? allow_user_interaction : 0u, std::string{})
        .uponReplyInvoke([caller, action, uid, answer](dbus::ReplyError error, const AuthorizationResult &result) {
            if (error)
                answer(uid, denied("polkit cannot be asked about " + action + ": " + error->getMessage()));
            else if (std::get<0>(result))
                answer(uid, std::nullopt);
            else if (std::get<1>(result) && !caller.interactive)
                answer(uid, dbus::error("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
                                        action + " needs authentication, which this call does not permit"));
            else
                answer(uid, denied("not authorized for " + action));
        });
}

} // namespace ktally
