// How the launcher speaks: one line on standard error, opening with "pulsebox: ", errors with errno's name.
// Exit code 111 is the launcher's own; the program behind it never uses it.
#ifndef PULSEBOX_REPORT_H
#define PULSEBOX_REPORT_H

enum { LAUNCHER_FAILED = 111 };

/** The name of an errno value as errno(3) lists it, e.g. "ENOENT"; "errno" for one that is not in the table.
 */
const char *errno_name(int error);

/** Prints one line: "pulsebox: ", the text, a line feed. Longer lines than 512 bytes are cut. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/** Prints one line and ends this process with LAUNCHER_FAILED. */
__attribute__((format(printf, 1, 2), noreturn)) void refuse(const char *format, ...);

/** Like refuse(), with ": NAME (text)" of the present errno at the end. */
__attribute__((format(printf, 1, 2), noreturn)) void refuse_errno(const char *format, ...);

#endif
