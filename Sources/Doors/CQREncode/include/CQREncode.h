// libqrencode: QR codes for the page's link and for invitations. The standard's masks and error correction are not ours
// to write again.
#pragma once
#include <qrencode.h>
