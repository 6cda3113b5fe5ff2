// libsodium: Ed25519, BLAKE2b, SHA-256, HMAC, password hashing, secretstream, ristretto255. One audited library for all
// of it; nothing cryptographic is written here.
#pragma once
#include <sodium.h>
