# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A bus of our own, with the project's policy, where there is no system bus. Sourced; needs $top.

bus_answers() {
    busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetId >/dev/null 2>&1
}

name_is_owned() {
    busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus NameHasOwner s org.ktally1 2>/dev/null |
        grep -qx 'b true'
}

# Starts it in DIRECTORY and points every client at it. Its process is in $bus_pid.
start_private_bus() { # DIRECTORY
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$1/bus
    cat >"$1/bus.conf" <<EOF
<busconfig>
  <type>system</type>
  <listen>$DBUS_SYSTEM_BUS_ADDRESS</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
  </policy>
  <include>$top/dbus/org.ktally1.conf</include>
</busconfig>
EOF
    chmod 755 "$1"
    dbus-daemon --nofork --config-file="$1/bus.conf" 2>"$1/bus.log" &
    bus_pid=$!
    until bus_answers; do
        if ! kill -0 "$bus_pid" 2>/dev/null; then
            cat "$1/bus.log" >&2
            return 1
        fi
        sleep 0.02
    done
}
