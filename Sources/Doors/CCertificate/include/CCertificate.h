// libcrypto: the page's own certificate, signed by itself. libwebsockets takes certificates from files but makes none.
#pragma once

// Makes a P-256 key and a certificate for `names`, as OpenSSL writes them: "DNS:barn.local,IP:192.168.1.7". 0, or an errno.
int bothy_certificate_make(const char *certificate, const char *key, const char *names);
// SHA-256 of the certificate in a PEM file. 0, or an errno.
int bothy_certificate_fingerprint(const char *certificate, unsigned char fingerprint[32]);
