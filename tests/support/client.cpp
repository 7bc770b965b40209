// SPDX-License-Identifier: LGPL-2.1-or-later
#include "client.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <string_view>
#include <system_error>

namespace ktally::test {
namespace {

int check(int result, const char *what)
{
    if (result < 0)
        throw std::system_error{-result, std::generic_category(), what};
    return result;
}

std::uint64_t microseconds_of(std::chrono::microseconds time)
{
    return static_cast<std::uint64_t>(time.count());
}

// The bus takes the user of a connection from the moment it is made.
class EffectiveUser {
public:
    explicit EffectiveUser(std::optional<uid_t> uid) : before_{geteuid()}
    {
        if (uid)
            check(seteuid(*uid) == 0 ? 0 : -errno, "becoming another user");
    }
    EffectiveUser(const EffectiveUser &) = delete;
    EffectiveUser &operator=(const EffectiveUser &) = delete;
    ~EffectiveUser() { [[maybe_unused]] const int back = seteuid(before_); }

private:
    uid_t before_;
};

std::optional<std::uint64_t> read_variant(sd_bus_message *message)
{
    const char *contents = nullptr;
    check(sd_bus_message_peek_type(message, nullptr, &contents), "reading a variant");
    std::uint64_t number = 0;
    int truth = 0;
    if (*contents == 't') {
        check(sd_bus_message_read(message, "v", "t", &number), "reading a number");
        return number;
    }
    if (*contents == 'b') {
        check(sd_bus_message_read(message, "v", "b", &truth), "reading a boolean");
        return truth ? 1 : 0;
    }
    check(sd_bus_message_skip(message, "v"), "skipping a variant");
    return std::nullopt;
}

std::vector<std::string> read_arguments(sd_bus_message &message)
{
    std::vector<std::string> arguments;
    for (const char type : std::string_view{sd_bus_message_get_signature(&message, true)}) {
        const char *text = nullptr;
        std::uint32_t number = 0;
        std::uint64_t large = 0;
        if (type == 's')
            check(sd_bus_message_read_basic(&message, type, &text), "reading a text");
        else if (type == 'u')
            check(sd_bus_message_read_basic(&message, type, &number), "reading a number");
        else
            check(sd_bus_message_read_basic(&message, type, &large), "reading a number");
        arguments.push_back(text ? text : std::to_string(type == 'u' ? number : large));
    }
    return arguments;
}

Signal read_signal(sd_bus_message *message)
{
    Signal signal;
    signal.path = sd_bus_message_get_path(message);
    signal.member = sd_bus_message_get_member(message);
    signal.interface = sd_bus_message_get_interface(message);
    if (signal.member == "SampleTaken") {
        check(sd_bus_message_read(message, "tt", &signal.timestamp_usec, &signal.interval_usec), "reading SampleTaken");
    } else if (signal.member.starts_with("Interfaces")) {
        const char *object = nullptr;
        check(sd_bus_message_read(message, "o", &object), "reading an object path");
        signal.object = object;
    } else if (signal.member == "PropertiesChanged") {
        const char *text = nullptr;
        check(sd_bus_message_read(message, "s", &text), "reading an interface");
        signal.interface = text;
        check(sd_bus_message_enter_container(message, 'a', "{sv}"), "reading changes");
        while (check(sd_bus_message_enter_container(message, 'e', "sv"), "reading a change") > 0) {
            check(sd_bus_message_read(message, "s", &text), "reading a name");
            const std::string name = text;
            signal.changed[name] = read_variant(message);
            check(sd_bus_message_exit_container(message), "reading a change");
        }
        check(sd_bus_message_exit_container(message), "reading changes");
        check(sd_bus_message_enter_container(message, 'a', "s"), "reading what is invalid");
        while (check(sd_bus_message_read(message, "s", &text), "reading a name") > 0)
            signal.invalidated.emplace_back(text);
    } else {
        signal.arguments = read_arguments(*message);
    }
    return signal;
}

} // namespace

std::string Reply::error() const
{
    const sd_bus_error *error = sd_bus_message_get_error(message.get());
    return error ? error->name : "";
}

std::string Reply::text() const
{
    const sd_bus_error *error = sd_bus_message_get_error(message.get());
    return error && error->message ? error->message : "";
}

std::uint32_t Reply::number() const
{
    std::uint32_t number = 0;
    check(sd_bus_message_read(message.get(), "u", &number), "reading a reply");
    return number;
}

std::string Reply::path() const
{
    const char *path = nullptr;
    check(sd_bus_message_read(message.get(), "o", &path), "reading a reply");
    return path;
}

Client::Client(std::optional<uid_t> uid)
{
    const EffectiveUser user{uid};
    sd_bus *bus = nullptr;
    check(sd_bus_open_system(&bus), "connecting to the bus");
    bus_.reset(bus);
    check(sd_bus_set_method_call_timeout(bus, microseconds_of(stretched(10s))), "setting a time limit");
    name(); // waits until the bus has said who this is
}

std::string Client::name() const
{
    const char *name = nullptr;
    check(sd_bus_get_unique_name(bus_.get(), &name), "connecting to the bus");
    return name;
}

Message Client::method_call(const char *destination, const char *path, const char *interface, const char *member) const
{
    sd_bus_message *message = nullptr;
    check(sd_bus_message_new_method_call(bus_.get(), &message, destination, path, interface, member),
          "creating a call");
    return Message{message};
}

Reply Client::send(const Message &call) const
{
    // As messages, errors keep their names; sd_bus_call() would turn them into numbers.
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = nullptr;
    const int result = sd_bus_call(bus_.get(), call.get(), 0, &error, &reply);
    if (result < 0) {
        check(sd_bus_message_new_method_error(call.get(), &reply, &error), "keeping an error");
        sd_bus_error_free(&error);
    }
    return {Message{reply}};
}

Reply Client::get(const char *interface, const char *property, const std::string &path) const
{
    return call_at(path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, property);
}

std::uint64_t Client::number(const char *interface, const char *property, const std::string &path) const
{
    const Reply reply = get(interface, property, path);
    std::uint64_t number = 0;
    check(sd_bus_message_read(reply.message.get(), "v", "t", &number), property);
    return number;
}

bool Client::boolean(const char *property) const
{
    const Reply reply = get("org.ktally1.Manager", property);
    int truth = 0;
    check(sd_bus_message_read(reply.message.get(), "v", "b", &truth), property);
    return truth != 0;
}

std::shared_ptr<Reply> Client::begin(const Message &call)
{
    auto reply = std::make_shared<Reply>();
    auto *shared = new std::shared_ptr<Reply>{reply};
    sd_bus_slot *slot = nullptr;
    const auto on_reply = [](sd_bus_message *message, void *data, sd_bus_error *) {
        (*static_cast<std::shared_ptr<Reply> *>(data))->message.reset(sd_bus_message_ref(message));
        return 1;
    };
    check(sd_bus_call_async(bus_.get(), &slot, call.get(), on_reply, shared, 0), "calling");
    sd_bus_slot_set_destroy_callback(slot, [](void *data) { delete static_cast<std::shared_ptr<Reply> *>(data); });
    sd_bus_slot_set_floating(slot, 1);
    sd_bus_slot_unref(slot);
    check(sd_bus_flush(bus_.get()), "sending");
    return reply;
}

void Client::watch()
{
    const auto on_signal = [](sd_bus_message *message, void *self, sd_bus_error *) {
        static_cast<Client *>(self)->signals_.push_back(read_signal(message));
        return 0;
    };
    check(sd_bus_add_match(bus_.get(), nullptr, "type='signal',sender='org.ktally1'", on_signal, this), "watching");
}

bool Client::until(const std::function<bool()> &condition, std::chrono::milliseconds patience)
{
    const auto end = std::chrono::steady_clock::now() + stretched(patience);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        if (check(sd_bus_process(bus_.get(), nullptr), "processing") == 0)
            check(sd_bus_wait(bus_.get(), 10'000), "waiting");
    }
    return true;
}

void Client::append(sd_bus_message &message, const char *types, ...)
{
    va_list arguments;
    va_start(arguments, types);
    const int result = sd_bus_message_appendv(&message, types, arguments);
    va_end(arguments);
    check(result, "appending arguments");
}

} // namespace ktally::test
