// bothy-radio: the only part of Bothy with a privilege. It opens Bluetooth management sockets for the daemon, resets the USB
// device behind an adapter and lifts a radio switch; nothing else, for nobody else.
//
// In C and without a library, because what holds a capability must be short enough to be read whole: one loop, one
// client at a time, requests of four bytes, no memory that grows, no path that a client names.
//
//   bothy-radio SOCKET USER     serves that user (a name or number) on a Unix socket; a socket of the service manager
//                               (LISTEN_FDS) is used where there is one.
//
// A request is four bytes, {kind, argument, adapter as 16 bits low byte first}; the answer four bytes, {kind, 0 or an errno, 0, 0},
// with the descriptor beside it for kind 'M'.
//   'M' a management socket; argument 1: one that only hears the answers to its commands
//   'R' reset the USB device behind hci<adapter>        'K' lift the software switch of every Bluetooth radio
#define _GNU_SOURCE
#include "CBluetooth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUEST = 4, PATIENCE_MS = 5000 };

static void say(const char *what, int error) {
    if (error) fprintf(stderr, "bothy-radio: %s: %s\n", what, strerror(error));
    else fprintf(stderr, "bothy-radio: %s\n", what);
}

// The USB device behind an adapter: /sys/class/bluetooth/hciN/device leads to its interface; the device is the directory
// above that has a bus and a device number.
static int usb_device(unsigned adapter, char *out, size_t room) {
    char path[PATH_MAX], real[PATH_MAX];
    snprintf(path, sizeof path, "/sys/class/bluetooth/hci%u/device", adapter);
    if (!realpath(path, real)) return errno;
    for (int up = 0; up < 4; up++) {
        int numbers[2];
        const char *names[] = {"busnum", "devnum"};
        int found = 0;
        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%.*s/%s", (int)(sizeof path - 16), real, names[i]);
            FILE *file = fopen(path, "re");
            if (!file) break;
            found += fscanf(file, "%d", &numbers[i]) == 1;
            fclose(file);
        }
        if (found == 2) {
            snprintf(out, room, "/dev/bus/usb/%03d/%03d", numbers[0], numbers[1]);
            return 0;
        }
        char *slash = strrchr(real, '/');
        if (!slash || slash == real) break;
        *slash = 0;
    }
    return ENODEV;
}

static int reset_usb(unsigned adapter) {
    char path[64];
    int why = usb_device(adapter, path, sizeof path);
    if (why) return why;
    int device = open(path, O_WRONLY | O_CLOEXEC);
    if (device < 0) return errno;
    why = ioctl(device, USBDEVFS_RESET, 0) == 0 ? 0 : errno;
    close(device);
    return why;
}

// An event of /dev/rfkill: {index, type, operation, soft, hard}; operation 3 changes all of a type, type 2 is Bluetooth.
static int lift_switch(void) {
    unsigned char event[8] = {0, 0, 0, 0, 2, 3, 0, 0};
    int device = open("/dev/rfkill", O_WRONLY | O_CLOEXEC);
    if (device < 0) return errno;
    int why = write(device, event, sizeof event) == sizeof event ? 0 : errno;
    close(device);
    return why;
}

static int answer(int client, unsigned char kind, int error, int descriptor) {
    unsigned char bytes[REQUEST] = {kind, (unsigned char)error, 0, 0};
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return sendmsg(client, &message, MSG_NOSIGNAL) == REQUEST;
}

static int serve(int client) {
    unsigned char request[REQUEST];
    ssize_t got = recv(client, request, sizeof request, 0);
    if (got != REQUEST) return 0;
    unsigned adapter = request[2] | (unsigned)request[3] << 8;
    int error = 0, descriptor = -1;
    switch (request[0]) {
    case 'M':
        descriptor = bothy_mgmt_open(request[1] == 1);
        error = descriptor < 0 ? errno : 0;
        break;
    case 'R': error = reset_usb(adapter); break;
    case 'K': error = lift_switch(); break;
    default: error = EINVAL;
    }
    char what[48];
    snprintf(what, sizeof what, "request %c for hci%u", request[0] > 31 && request[0] < 127 ? request[0] : '?', adapter);
    if (request[0] != 'M' || error) say(what, error);
    int sent = answer(client, request[0], error, descriptor);
    if (descriptor >= 0) close(descriptor);
    return sent;
}

static int allowed(int client, uid_t user) {
    struct ucred who;
    socklen_t size = sizeof who;
    if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return 0;
    return who.uid == user || who.uid == 0;
}

static int listener(const char *path) {
    const char *count = getenv("LISTEN_FDS");
    if (count && strcmp(count, "1") == 0) return 3;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    unlink(path);
    // Who may ask is decided by the kernel's word on who asks, not by the mode of a file.
    mode_t before = umask(0111);
    int bound = bind(descriptor, (struct sockaddr *)&address, sizeof address);
    umask(before);
    return bound == 0 && listen(descriptor, 8) == 0 ? descriptor : -1;
}

int main(int count, char **arguments) {
    if (count != 3) return say("usage: bothy-radio SOCKET USER", 0), 2;
    struct passwd *entry = getpwnam(arguments[2]);
    char *end;
    unsigned long number = strtoul(arguments[2], &end, 10);
    if (!entry && (*end || end == arguments[2])) return say("no such user", 0), 2;
    uid_t user = entry ? entry->pw_uid : (uid_t)number;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int door = listener(arguments[1]);
    if (door < 0) return say(arguments[1], errno), 1;
    for (;;) {
        int client = accept4(door, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            return say("accept", errno), 1;
        }
        if (!allowed(client, user)) say("refused a stranger", 0);
        // A client that connects and says nothing must not keep the next one waiting for ever.
        struct pollfd wait = {.fd = client, .events = POLLIN};
        while (allowed(client, user) && poll(&wait, 1, PATIENCE_MS) == 1 && serve(client)) {}
        close(client);
    }
}
