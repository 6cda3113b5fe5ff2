#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

_Static_assert(BOTHY_CLOCK_UNSYNCHRONISED == STA_UNSYNC && BOTHY_CLOCK_ERROR == TIME_ERROR, "clock constants");

int bothy_poller_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int bothy_poller_watch(int poller, int descriptor, uint32_t events, int already_watched) {
    struct epoll_event event = {.data.fd = descriptor};
    if (events == 0) return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, &event);
    if (events & BOTHY_READABLE) event.events |= EPOLLIN;
    if (events & BOTHY_WRITABLE) event.events |= EPOLLOUT;
    return epoll_ctl(poller, already_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event);
}

int bothy_poller_wait(int poller, struct bothy_ready *ready, int capacity, int timeout_ms) {
    struct epoll_event events[64];
    int count = epoll_wait(poller, events, capacity < 64 ? capacity : 64, timeout_ms);
    for (int i = 0; i < count; i++) {
        ready[i].descriptor = events[i].data.fd;
        ready[i].events = (events[i].events & EPOLLIN ? BOTHY_READABLE : 0)
            | (events[i].events & EPOLLOUT ? BOTHY_WRITABLE : 0)
            | (events[i].events & (EPOLLERR | EPOLLHUP) ? BOTHY_BROKEN : 0);
    }
    return count;
}

int bothy_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int bothy_clock_jump_rearm(int descriptor) {
    // Far in the future: the timer itself never fires, only its cancelling does.
    struct itimerspec far = {.it_value.tv_sec = (time_t)1 << 40};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

int bothy_clock_jump_fd(void) {
    int descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (descriptor >= 0 && bothy_clock_jump_rearm(descriptor) != 0) {
        int why = errno;
        close(descriptor);
        errno = why;
        return -1;
    }
    return descriptor;
}

int bothy_read_timer(int descriptor, uint64_t *expirations) {
    return read(descriptor, expirations, sizeof *expirations) == sizeof *expirations ? 0 : -1;
}

int bothy_close(int descriptor) { return close(descriptor); }

int bothy_signalfd(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    if ((errno = pthread_sigmask(SIG_BLOCK, &set, NULL)) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int bothy_signalfd_next(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int bothy_link_watch(void) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (descriptor < 0) return -1;
    struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    if (bind(descriptor, (struct sockaddr *)&groups, sizeof groups) != 0) {
        int why = errno;
        close(descriptor);
        errno = why;
        return -1;
    }
    return descriptor;
}

void bothy_link_watch_drain(int descriptor) {
    char buffer[4096];
    // ENOBUFS says that changes were missed: a change all the same, and the next read goes on.
    while (recv(descriptor, buffer, sizeof buffer, 0) >= 0 || errno == ENOBUFS || errno == EINTR) {}
}

int bothy_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int bothy_getrandom(void *buffer, size_t count) {
    char *at = buffer;
    while (count > 0) {
        ssize_t got = getrandom(at, count, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        at += got;
        count -= (size_t)got;
    }
    return 0;
}

int bothy_peer_credentials(int socket, int *pid, unsigned *uid, unsigned *gid) {
    struct ucred who;
    socklen_t size = sizeof who;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return -1;
    *pid = who.pid;
    *uid = who.uid;
    *gid = who.gid;
    return 0;
}

enum { MOST_DESCRIPTORS = 8 };

int bothy_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count) {
    if (descriptor_count > MOST_DESCRIPTORS) return errno = EINVAL, -1;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    union { char room[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))]; struct cmsghdr align; } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor_count > 0) {
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE((size_t)descriptor_count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)descriptor_count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)descriptor_count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)count ? 0 : -1;
}

long bothy_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int *descriptor_count) {
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    union { char room[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))]; struct cmsghdr align; } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    int room = *descriptor_count;
    *descriptor_count = 0;
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int came = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < came; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + (size_t)i * sizeof(int), sizeof(int));
            if (*descriptor_count < room) descriptors[(*descriptor_count)++] = descriptor;
            else close(descriptor);
        }
    }
    return got;
}

int bothy_read_clock(struct bothy_clock_state *out) {
    struct timex now = {.modes = 0};
    int state = adjtimex(&now);
    if (state < 0) return -1;
    out->status = now.status;
    out->max_error_us = now.maxerror;
    out->estimated_error_us = now.esterror;
    out->frequency_ppm_16 = now.freq;
    return state;
}

int bothy_file_system(const char *path, struct bothy_file_system *out) {
    struct statfs magic;
    struct statvfs space;
    if (statfs(path, &magic) != 0 || statvfs(path, &space) != 0) return -1;
    out->magic = (uint64_t)magic.f_type;
    out->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    out->total_bytes = (uint64_t)space.f_blocks * space.f_frsize;
    out->read_only = (space.f_flag & ST_RDONLY) != 0;
    return 0;
}

int bothy_open(const char *path, int flags, unsigned mode) { return open(path, flags | O_CLOEXEC, mode); }

int bothy_lock_exclusively(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }

int bothy_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int bothy_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bothy_boot_time_ns(void) { return nanoseconds(CLOCK_BOOTTIME); }

int64_t bothy_real_time_ns(void) { return nanoseconds(CLOCK_REALTIME); }

void bothy_publish(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
