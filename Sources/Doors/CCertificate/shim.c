#define _GNU_SOURCE
#include "CCertificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

static int extend(X509 *certificate, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    int added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static X509 *describe(EVP_PKEY *key, const char *names) {
    X509 *certificate = X509_new();
    unsigned char serial[16];
    if (!certificate || RAND_bytes(serial, sizeof serial) != 1) return X509_free(certificate), NULL;
    serial[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    X509_NAME *name = X509_get_subject_name(certificate);
    int good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate))
        && X509_set_version(certificate, 2)
        // A box without a clock must not make a certificate of the future, so both ends are fixed.
        && ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z")
        && ASN1_TIME_set_string(X509_getm_notAfter(certificate), "20491231235959Z")
        && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Bothy", -1, -1, 0)
        && X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key)
        && extend(certificate, NID_basic_constraints, "critical,CA:FALSE")
        && extend(certificate, NID_key_usage, "critical,digitalSignature")
        && extend(certificate, NID_ext_key_usage, "serverAuth") && extend(certificate, NID_subject_alt_name, names)
        && X509_sign(certificate, key, EVP_sha256());
    BN_free(number);
    if (good) return certificate;
    X509_free(certificate);
    return NULL;
}

// Null and errno where the file cannot be made.
static FILE *create(const char *path, mode_t mode) {
    (void)unlink(path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return descriptor < 0 ? NULL : fdopen(descriptor, "w");
}

int bothy_certificate_make(const char *certificate_path, const char *key_path, const char *names) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? describe(key, names) : NULL;
    int status = certificate ? 0 : EINVAL;
    errno = 0;
    FILE *file = status == 0 ? create(key_path, 0600) : NULL;
    if (status == 0 && (!file || !PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL))) status = errno ? errno : EIO;
    if (file && fclose(file) != 0) status = errno;
    file = status == 0 ? create(certificate_path, 0644) : NULL;
    if (status == 0 && (!file || !PEM_write_X509(file, certificate))) status = errno ? errno : EIO;
    if (file && fclose(file) != 0) status = errno;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status;
}

int bothy_certificate_fingerprint(const char *path, unsigned char fingerprint[32]) {
    FILE *file = fopen(path, "re");
    if (!file) return errno;
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    unsigned count = 32;
    int good = certificate && X509_digest(certificate, EVP_sha256(), fingerprint, &count);
    X509_free(certificate);
    return good ? 0 : EINVAL;
}
