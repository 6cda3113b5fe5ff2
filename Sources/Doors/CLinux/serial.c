#include "CLinux.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <linux/serial.h>
#include <sys/ioctl.h>

int bothy_serial_configure(int descriptor, const struct bothy_serial_line *line) {
    struct termios2 t;
    if (ioctl(descriptor, TCGETS2, &t) != 0) return -1;
    t.c_iflag = IGNBRK | INPCK;
    t.c_oflag = 0;
    t.c_lflag = 0;
    t.c_cflag = CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
    switch (line->data_bits) {
    case 5: t.c_cflag |= CS5; break;
    case 6: t.c_cflag |= CS6; break;
    case 7: t.c_cflag |= CS7; break;
    case 8: t.c_cflag |= CS8; break;
    default: return errno = EINVAL, -1;
    }
    switch (line->parity) {
    case 'N': break;
    case 'E': t.c_cflag |= PARENB; break;
    case 'O': t.c_cflag |= PARENB | PARODD; break;
    case 'S': t.c_cflag |= PARENB | CMSPAR; break;
    case 'M': t.c_cflag |= PARENB | PARODD | CMSPAR; break;
    default: return errno = EINVAL, -1;
    }
    if (line->stop_bits == 2) t.c_cflag |= CSTOPB;
    if (line->flow == 1) t.c_cflag |= CRTSCTS;
    if (line->flow == 2) t.c_iflag |= IXON | IXOFF;
    t.c_ispeed = t.c_ospeed = line->baud;
    for (int i = 0; i < NCCS; i++) t.c_cc[i] = 0;
    t.c_cc[VMIN] = 1;
    t.c_cc[VSTART] = 0x11;
    t.c_cc[VSTOP] = 0x13;
    return ioctl(descriptor, TCSETS2, &t);
}

int bothy_serial_exclusive(int descriptor) { return ioctl(descriptor, TIOCEXCL); }

int bothy_serial_modem(int descriptor, unsigned set, unsigned clear) {
    int on = (set & BOTHY_SERIAL_DTR ? TIOCM_DTR : 0) | (set & BOTHY_SERIAL_RTS ? TIOCM_RTS : 0);
    int off = (clear & BOTHY_SERIAL_DTR ? TIOCM_DTR : 0) | (clear & BOTHY_SERIAL_RTS ? TIOCM_RTS : 0);
    if (on && ioctl(descriptor, TIOCMBIS, &on) != 0) return -1;
    return off ? ioctl(descriptor, TIOCMBIC, &off) : 0;
}

int bothy_serial_flush(int descriptor) { return ioctl(descriptor, TCFLSH, TCIOFLUSH); }

int bothy_serial_rs485(int descriptor, int rts_while_sending, uint32_t delay_before_ms, uint32_t delay_after_ms) {
    struct serial_rs485 settings = {
        .flags = SER_RS485_ENABLED | (rts_while_sending ? SER_RS485_RTS_ON_SEND : SER_RS485_RTS_AFTER_SEND),
        .delay_rts_before_send = delay_before_ms,
        .delay_rts_after_send = delay_after_ms};
    return ioctl(descriptor, TIOCSRS485, &settings);
}
