/**
 * The system calls that containers may make: everything is refused (EPERM) but this list, which follows the well-known
 * default profile of container engines. Only containers in a user namespace of their own may mount and make namespaces.
 */

import type { OciSeccomp, OciSyscall } from './oci.ts';

const allowed = `
accept accept4 access adjtimex alarm arch_prctl bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime
clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64
close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2
fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64
fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_mempolicy
get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32
getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr
getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents
io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule
landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr
listxattrat llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack mbind membarrier memfd_create
memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify
mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget
msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open openat openat2 pause
pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv
preadv2 prlimit64 process_mrelease pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink
readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename
renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_mempolicy set_robust_list
set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer
setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid
setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4
sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync
sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times
tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork
vmsplice wait4 waitid waitpid write writev process_vm_readv process_vm_writev
`
  .trim()
  .split(/\s+/);

const allow = (names: readonly string[], rest: Partial<OciSyscall> = {}): OciSyscall => ({
  names,
  action: 'SCMP_ACT_ALLOW',
  ...rest,
});

/** What making containers takes; the kernel allows it to root of a user namespace, within that. */
const nestedCalls = `
chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root setdomainname sethostname
setns umount umount2
`
  .trim()
  .split(/\s+/);

/** CLONE_NEWUSER: a further user namespace would give all capabilities to anyone inside. */
const newUser = 0x10000000;

/** Flags of clone(2) that make a new namespace; all of them need CAP_SYS_ADMIN. */
const namespaceFlags = 0x7e020000;

/** AF_VSOCK reaches the hypervisor past every firewall. */
const afVsock = 40;

/** Personalities that programs in use ask for: Linux, Linux without address randomisation, 32 bit, and "tell me". */
const personalities = [0x0, 0x0008, 0x20000, 0x20008, 0xffffffff];

/**
 * The machine's own calls only: every further architecture makes each start 5 ms slower, and a program of 32 bits ends
 * with SIGSYS.
 */
const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64'],
  arm64: ['SCMP_ARCH_AARCH64'],
};

/**
 * @param architecture as `process.arch`
 * @param nested whether the container is in a user namespace of its own and may make containers
 * @param chroot whether it has the capability for that
 */
export function seccompProfile(architecture: string, { nested = false, chroot = false } = {}): OciSeccomp {
  const refused = nested ? newUser : namespaceFlags;
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: architectures[architecture] ?? [],
    syscalls: [
      allow(allowed),
      ...personalities.map((value) => allow(['personality'], { args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }] })),
      allow(['socket'], { args: [{ index: 0, value: afVsock, op: 'SCMP_CMP_NE' }] }),
      allow(['clone'], { args: [{ index: 0, value: refused, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }] }),
      // "No such call" makes the C library fall back to clone, whose flags the filter can see.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      ...(nested
        ? [
            allow(nestedCalls),
            allow(['unshare'], { args: [{ index: 0, value: newUser, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }] }),
            // A runtime takes "no such call" for a kernel without keyrings.
            { names: ['add_key', 'keyctl', 'request_key'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
          ]
        : []),
      ...(chroot && !nested ? [allow(['chroot'])] : []),
      ...(architecture === 'x64' ? [allow(['modify_ldt'])] : []),
      ...(architecture === 'arm64'
        ? [
            allow([
              'arm_fadvise64_64',
              'arm_sync_file_range',
              'breakpoint',
              'cacheflush',
              'set_tls',
              'sync_file_range2',
            ]),
          ]
        : []),
    ],
  };
}
