// libcrypto: AES-CCM of encrypted beacons and the single block that resolves random Bluetooth addresses. libsodium has
// neither. The context is kept for each thread, because making one costs more than opening a beacon.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { BOTHY_AES_OPENED = 1, BOTHY_AES_FORGED = 0, BOTHY_AES_BROKEN = -1 };

// Opens `count` bytes of ciphertext into `plain`. FORGED when the tag does not fit; BROKEN when a length is not allowed.
int bothy_aes_ccm_open(
    const uint8_t *key, const uint8_t *nonce, size_t nonce_count, const uint8_t *also, size_t also_count,
    const uint8_t *sealed, size_t count, const uint8_t *tag, size_t tag_count, uint8_t *plain);
// The reverse, for tests and vectors.
int bothy_aes_ccm_seal(
    const uint8_t *key, const uint8_t *nonce, size_t nonce_count, const uint8_t *also, size_t also_count,
    const uint8_t *plain, size_t count, uint8_t *sealed, uint8_t *tag, size_t tag_count);
// One block of AES-128 in ECB, 16 bytes in and out.
int bothy_aes_block(const uint8_t *key, const uint8_t *in, uint8_t *out);
