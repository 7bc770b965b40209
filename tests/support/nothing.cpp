// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Does nothing. Linked statically: executing it opens and reads no library.
int main()
{
    return 0;
}
