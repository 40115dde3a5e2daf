// Starts the program of the payload in this process, as execve(2) would.
#ifndef PULSEBOX_EXEC_H
#define PULSEBOX_EXEC_H

/**
 * Replaces the launcher by the program, with these arguments and this environment, except: every LD_*
 * variable is dropped (nothing of the host's libraries may reach in), and PULSEBOX_ADDONS="name=fd,name=fd"
 * is set to the open descriptors of the addons. Never returns; refuses (see report.h) when something is
 * damaged or missing.
 */
_Noreturn void exec_program(int argc, char **argv, char **envp);

#endif
