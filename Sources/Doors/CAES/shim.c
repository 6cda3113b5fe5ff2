#include "CAES.h"

#include <openssl/evp.h>

static _Thread_local EVP_CIPHER_CTX *context;

static EVP_CIPHER_CTX *fresh(void) {
    if (!context) context = EVP_CIPHER_CTX_new();
    return context && EVP_CIPHER_CTX_reset(context) == 1 ? context : NULL;
}

static int allowed(size_t nonce_count, size_t also_count, size_t count, size_t tag_count) {
    return nonce_count >= 7 && nonce_count <= 13 && also_count <= 64 && count > 0 && count <= 4096 && tag_count >= 4
        && tag_count <= 16 && tag_count % 2 == 0;
}

int bothy_aes_ccm_open(
    const uint8_t *key, const uint8_t *nonce, size_t nonce_count, const uint8_t *also, size_t also_count,
    const uint8_t *sealed, size_t count, const uint8_t *tag, size_t tag_count, uint8_t *plain) {
    EVP_CIPHER_CTX *c = fresh();
    int done = 0;
    if (!c || !allowed(nonce_count, also_count, count, tag_count)) return BOTHY_AES_BROKEN;
    if (EVP_DecryptInit_ex(c, EVP_aes_128_ccm(), NULL, NULL, NULL) != 1
        || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_count, NULL) != 1
        || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, (int)tag_count, (void *)tag) != 1
        || EVP_DecryptInit_ex(c, NULL, NULL, key, nonce) != 1) return BOTHY_AES_BROKEN;
    if (also_count > 0
        && (EVP_DecryptUpdate(c, NULL, &done, NULL, (int)count) != 1
            || EVP_DecryptUpdate(c, NULL, &done, also, (int)also_count) != 1)) return BOTHY_AES_BROKEN;
    return EVP_DecryptUpdate(c, plain, &done, sealed, (int)count) == 1 ? BOTHY_AES_OPENED : BOTHY_AES_FORGED;
}

int bothy_aes_ccm_seal(
    const uint8_t *key, const uint8_t *nonce, size_t nonce_count, const uint8_t *also, size_t also_count,
    const uint8_t *plain, size_t count, uint8_t *sealed, uint8_t *tag, size_t tag_count) {
    EVP_CIPHER_CTX *c = fresh();
    int done = 0;
    if (!c || !allowed(nonce_count, also_count, count, tag_count)) return BOTHY_AES_BROKEN;
    if (EVP_EncryptInit_ex(c, EVP_aes_128_ccm(), NULL, NULL, NULL) != 1
        || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_count, NULL) != 1
        || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, (int)tag_count, NULL) != 1
        || EVP_EncryptInit_ex(c, NULL, NULL, key, nonce) != 1) return BOTHY_AES_BROKEN;
    if (also_count > 0
        && (EVP_EncryptUpdate(c, NULL, &done, NULL, (int)count) != 1
            || EVP_EncryptUpdate(c, NULL, &done, also, (int)also_count) != 1)) return BOTHY_AES_BROKEN;
    if (EVP_EncryptUpdate(c, sealed, &done, plain, (int)count) != 1
        || EVP_EncryptFinal_ex(c, sealed + done, &done) != 1
        || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, (int)tag_count, tag) != 1) return BOTHY_AES_BROKEN;
    return BOTHY_AES_OPENED;
}

int bothy_aes_block(const uint8_t *key, const uint8_t *in, uint8_t *out) {
    EVP_CIPHER_CTX *c = fresh();
    int done = 0;
    if (!c || EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL) != 1
        || EVP_CIPHER_CTX_set_padding(c, 0) != 1 || EVP_EncryptUpdate(c, out, &done, in, 16) != 1 || done != 16)
        return BOTHY_AES_BROKEN;
    return BOTHY_AES_OPENED;
}
