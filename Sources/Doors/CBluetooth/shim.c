#define _GNU_SOURCE
#include "CBluetooth.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/l2cap.h>

enum { ATT_CHANNEL = 4, RECEIVE_BUFFER = 1 << 20, MOST_DATAGRAMS = 64 };

static int closing(int descriptor) {
    int why = errno;
    close(descriptor);
    errno = why;
    return -1;
}

// The first two bytes of what the management channel says are the event, least significant first; 1 and 2 are answers.
static int let_replies_through(int descriptor) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0100, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0200, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xFFFF),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int bothy_mgmt_open(int replies_only) {
    int descriptor = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, BTPROTO_HCI);
    if (descriptor < 0) return -1;
    int room = RECEIVE_BUFFER;
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (replies_only && let_replies_through(descriptor) != 0) return closing(descriptor);
    struct sockaddr_hci address = {
        .hci_family = AF_BLUETOOTH, .hci_dev = HCI_DEV_NONE, .hci_channel = HCI_CHANNEL_CONTROL};
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return closing(descriptor);
    return descriptor;
}

int bothy_receive_datagrams(int descriptor, void *bytes, size_t room, uint32_t *lengths, int capacity) {
    struct mmsghdr messages[MOST_DATAGRAMS];
    struct iovec parts[MOST_DATAGRAMS];
    if (capacity > MOST_DATAGRAMS) capacity = MOST_DATAGRAMS;
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < capacity; i++) {
        parts[i] = (struct iovec){.iov_base = (char *)bytes + (size_t)i * room, .iov_len = room};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int count;
    do count = recvmmsg(descriptor, messages, (unsigned)capacity, MSG_DONTWAIT, NULL);
    while (count < 0 && errno == EINTR);
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    for (int i = 0; i < count; i++) lengths[i] = messages[i].msg_len;
    return count;
}

static struct sockaddr_l2 att_address(const uint8_t address[6], int kind) {
    struct sockaddr_l2 out = {
        .l2_family = AF_BLUETOOTH, .l2_cid = htobs(ATT_CHANNEL), .l2_bdaddr_type = (uint8_t)kind};
    memcpy(&out.l2_bdaddr, address, 6);
    return out;
}

int bothy_att_open(const uint8_t local[6], int local_kind) {
    int descriptor = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, BTPROTO_L2CAP);
    if (descriptor < 0) return -1;
    struct sockaddr_l2 address = att_address(local, local_kind);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return closing(descriptor);
    return descriptor;
}

int bothy_att_connect(int descriptor, const uint8_t peer[6], int peer_kind) {
    struct sockaddr_l2 address = att_address(peer, peer_kind);
    return connect(descriptor, (struct sockaddr *)&address, sizeof address);
}

int bothy_socket_error(int descriptor) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

int bothy_att_security(int descriptor) {
    struct bt_security security = {0};
    socklen_t size = sizeof security;
    return getsockopt(descriptor, SOL_BLUETOOTH, BT_SECURITY, &security, &size) == 0 ? security.level : -1;
}

int bothy_att_raise_security(int descriptor, int level) {
    struct bt_security security = {.level = (uint8_t)level};
    return setsockopt(descriptor, SOL_BLUETOOTH, BT_SECURITY, &security, sizeof security);
}

int bothy_mgmt_send_room(int descriptor, unsigned bytes) {
#ifdef BT_SNDMTU
    uint16_t room = bytes > 0xFFFF ? 0xFFFF : (uint16_t)bytes;
    return setsockopt(descriptor, SOL_BLUETOOTH, BT_SNDMTU, &room, sizeof room);
#else
    (void)descriptor, (void)bytes;
    return 0;
#endif
}
