// Linux interfaces that Swift's Glibc module leaves out, and what it cannot call.
#pragma once
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

// send and recv of libc without being cancellation points: nobody cancels threads here, and announcing to libc that one
// could be costs more than what is around the call.
static inline ssize_t clinux_send(int descriptor, const void *bytes, size_t count, int flags) {
  return syscall(SYS_sendto, descriptor, bytes, count, flags, (void *)0, 0);
}
static inline ssize_t clinux_recv(int descriptor, void *place, size_t room, int flags) {
  return syscall(SYS_recvfrom, descriptor, place, room, flags, (void *)0, (void *)0);
}

// Neither end blocks, and no other program inherits one.
static inline int clinux_pipe(int ends[2]) { return syscall(SYS_pipe2, ends, O_NONBLOCK | O_CLOEXEC); }
