// The kernel's Bluetooth sockets: the management channel and ATT over L2CAP. Own declarations here, the library's headers
// only in shim.c: Swift imports neither their packed addresses nor BDADDR_ANY, and their inline helpers leak.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Kinds of address, as the kernel numbers them.
enum { BOTHY_LE_PUBLIC = 1, BOTHY_LE_RANDOM = 2 };

// A management socket: non-blocking, with a large receive buffer. `replies_only` puts a filter on it which lets nothing
// through but answers to commands, so that no flood of advertisements can push one out. -1 and errno on failure.
int bothy_mgmt_open(int replies_only);

// Several datagrams in one call. `bytes` has room for `capacity` datagrams of `room` bytes each; their lengths go to
// `lengths`. Returns how many came, 0 when there are none, -1 and errno when the socket broke.
int bothy_receive_datagrams(int descriptor, void *bytes, size_t room, uint32_t *lengths, int capacity);

// A non-blocking ATT socket bound to a local adapter. Addresses are six bytes as on the air (least significant first).
int bothy_att_open(const uint8_t local[6], int local_kind);
// Begins to connect: 0 or EINPROGRESS in errno with -1.
int bothy_att_connect(int descriptor, const uint8_t peer[6], int peer_kind);
// What became of the connecting: an errno value, 0 when connected.
int bothy_socket_error(int descriptor);
// 1 no encryption, 2 encrypted, 3 encrypted and authenticated, 4 the same with 128 bits of strength.
int bothy_att_security(int descriptor);
int bothy_att_raise_security(int descriptor, int level);
// Room for one datagram to be sent: long key lists need more than the default.
int bothy_mgmt_send_room(int descriptor, unsigned bytes);
