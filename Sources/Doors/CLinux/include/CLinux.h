// What Swift does not import of Linux: epoll, eventfd, timerfd, signalfd, descriptor passing, peer credentials, and the
// clock's adjustment. Own declarations here, system headers only in shim.c, so that no macro leaks into Swift.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Event loop. Events are plain bits: 1 readable, 2 writable, 4 broken (error or hang-up).
enum { BOTHY_READABLE = 1, BOTHY_WRITABLE = 2, BOTHY_BROKEN = 4 };
struct bothy_ready { int descriptor; uint32_t events; };
int bothy_poller_create(void);
// Sets what is watched of `descriptor`; 0 stops watching.
int bothy_poller_watch(int poller, int descriptor, uint32_t events, int already_watched);
int bothy_poller_wait(int poller, struct bothy_ready *ready, int capacity, int timeout_ms);

int bothy_eventfd(void);
// A descriptor that is readable when CLOCK_REALTIME was set by a jump; -1 and errno where the kernel has none.
int bothy_clock_jump_fd(void);
int bothy_clock_jump_rearm(int descriptor);
int bothy_read_timer(int descriptor, uint64_t *expirations);
int bothy_close(int descriptor);
// Blocks the signals in the whole process (call before the first thread) and returns a descriptor that reports them.
int bothy_signalfd(const int *signals, int count);
// The next signal's number, 0 when there is none.
int bothy_signalfd_next(int descriptor);

// A descriptor that is readable when a network interface or one of its addresses changed; drained by the second.
int bothy_link_watch(void);
void bothy_link_watch_drain(int descriptor);

int bothy_accept(int listener);
int bothy_getrandom(void *buffer, size_t count);
// The process, user and group at the other end of a Unix socket.
int bothy_peer_credentials(int socket, int *pid, unsigned *uid, unsigned *gid);
int bothy_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count);
// Returns the bytes read; `descriptor_count` holds the room on the way in and what came on the way out.
long bothy_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int *descriptor_count);

// adjtimex, read only: returns the kernel's clock state, or -1.
struct bothy_clock_state { int status; int64_t max_error_us; int64_t estimated_error_us; int64_t frequency_ppm_16; };
int bothy_read_clock(struct bothy_clock_state *out);
enum { BOTHY_CLOCK_ERROR = 5, BOTHY_CLOCK_UNSYNCHRONISED = 0x40 };

// File system behind a path: its magic number and free bytes.
struct bothy_file_system { uint64_t magic; uint64_t free_bytes; uint64_t total_bytes; int read_only; };
int bothy_file_system(const char *path, struct bothy_file_system *out);

int bothy_open(const char *path, int flags, unsigned mode);
// An exclusive lock on an open file; -1 with EWOULDBLOCK when somebody has it.
int bothy_lock_exclusively(int descriptor);
int bothy_terminal_columns(int descriptor);
int bothy_thread_name(const char *name);
// CLOCK_BOOTTIME and CLOCK_REALTIME in nanoseconds.
int64_t bothy_boot_time_ns(void);
int64_t bothy_real_time_ns(void);

// Stores a word after everything stored before it, for memory that somebody else reads: another process, or the next
// one after this was killed.
void bothy_publish(uint64_t *word, uint64_t value);

// Serial ports (serial.c). All speeds, through the kernel's own termios2, which glibc's headers hide.
struct bothy_serial_line {
    uint32_t baud;
    // 5 to 8.
    uint8_t data_bits;
    // N, E, O, M or S.
    char parity;
    uint8_t stop_bits;
    // 0 none, 1 RTS/CTS, 2 XON/XOFF.
    uint8_t flow;
};
// Raw bytes, no hang-up when closed, modem lines left alone; a byte received wrongly is read as 0.
int bothy_serial_configure(int descriptor, const struct bothy_serial_line *line);
int bothy_serial_exclusive(int descriptor);
enum { BOTHY_SERIAL_DTR = 1, BOTHY_SERIAL_RTS = 2 };
int bothy_serial_modem(int descriptor, unsigned set, unsigned clear);
int bothy_serial_flush(int descriptor);
// The kernel's (or the chip's) own switching of an RS-485 driver.
int bothy_serial_rs485(int descriptor, int rts_while_sending, uint32_t delay_before_ms, uint32_t delay_after_ms);
