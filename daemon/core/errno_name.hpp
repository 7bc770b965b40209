// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names of errno values, those that never leave the kernel included: a read interrupted by a signal ends with
// ERESTARTSYS inside the VFS, whatever the caller is told later.
#pragma once

#include <string>

namespace ktally {

// "ENOENT" for 2; "512" becomes "ERESTARTSYS"; a number without a name is its own name.
std::string errno_name(int error);

} // namespace ktally
