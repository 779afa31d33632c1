/*
 * killer N PROGRAM [ARGUMENT]...: runs a program and kills it, as kill -9 does, just before its Nth
 * system call that changes a file's name or contents for good, or sends to a peer. With N 0 it is
 * not killed, and the count of such calls goes to the error output.
 *
 * Exit: 137 killed there; else the program's own; 77 when this system lets nobody trace.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

static const long steps[] = {
#ifdef SYS_rename
	SYS_rename,    SYS_unlink,    SYS_mkdir,    SYS_rmdir,	  SYS_link,	 SYS_symlink,
#endif
#ifdef SYS_renameat
	SYS_renameat,
#endif
	SYS_renameat2, SYS_linkat,    SYS_unlinkat, SYS_mkdirat,  SYS_symlinkat, SYS_fsync,
	SYS_fdatasync, SYS_ftruncate, SYS_write,    SYS_pwrite64, SYS_sendto,
};

static int is_step(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return 0;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if ((long)info.entry.nr == steps[i])
			return steps[i] != SYS_write || info.entry.args[0] > 2;
	return 0;
}

static int trace(pid_t pid, long n)
{
	long seen = 0;
	int status, forward = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, forward) < 0 || waitpid(pid, &status, 0) != pid)
			return 2;
		if (WIFEXITED(status)) {
			if (n == 0)
				(void)fprintf(stderr, "%ld\n", seen);
			return WEXITSTATUS(status);
		}
		if (WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
		/* Stops of the tracing itself, at calls and at execve, are no signals. */
		forward = WSTOPSIG(status) == (SIGTRAP | 0x80) || status >> 16 != 0
			      ? 0
			      : WSTOPSIG(status);
		if (forward != 0 || !is_step(pid) || ++seen != n)
			continue;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		return 137;
	}
}

int main(int argc, char *argv[])
{
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(77);
		(void)raise(SIGSTOP);
		(void)execv(argv[2], argv + 2);
		_exit(2);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		return 77;
	return trace(pid, strtol(argv[1], NULL, 10));
}
