// libudev: which serial ports there are, what is plugged into them, and when that changes. It speaks the protocol of the
// distribution's own udevd, which nothing else does.
#pragma once
#include <libudev.h>
