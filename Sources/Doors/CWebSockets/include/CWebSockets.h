// libwebsockets: HTTP/1.1, WebSocket and TLS, kept by one maintained library. Its structs differ between versions and its
// buffers want room in front, so this header declares what the room Control needs and shim.c knows the library.
//
// Everything but bothy_web_wake and bothy_web_stop is called on the thread that is inside bothy_web_serve.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct bothy_web;
// One client's connection: many exchanges one after the other, or one WebSocket. Gone after `over` with `closed`.
struct bothy_web_connection;

// What an exchange is, in Swift. Made by `request` or `upgrade`, given back through `over`.
typedef void *bothy_web_exchange;

struct bothy_web_events {
    void *owner;
    // A request's head is complete. Null ends the connection.
    bothy_web_exchange (*request)(void *owner, struct bothy_web_connection *connection);
    void (*body)(void *owner, bothy_web_exchange exchange, const uint8_t *bytes, size_t count);
    void (*body_end)(void *owner, bothy_web_exchange exchange);
    // A client wants a WebSocket. Null refuses; an answer may have been written before.
    bothy_web_exchange (*upgrade)(void *owner, struct bothy_web_connection *connection);
    void (*opened)(void *owner, bothy_web_exchange exchange);
    void (*received)(
        void *owner, bothy_web_exchange exchange, const uint8_t *bytes, size_t count, int last, int binary);
    // Once for each bothy_web_want_write, when the connection takes more.
    void (*writable)(void *owner, bothy_web_exchange exchange);
    // The exchange is over: done, or `closed` under it.
    void (*over)(void *owner, bothy_web_exchange exchange, int closed);
    void (*woken)(void *owner);
    void (*alarm)(void *owner);
    void (*log)(int level, const char *line);
};

struct bothy_web_limits {
    // Bytes of a request's head, and connections: in all, and of one address.
    int head_bytes, connections, connections_an_address;
    // Seconds for a head to arrive, and for an idle connection to stay.
    int head_seconds, idle_seconds;
};

struct bothy_web *bothy_web_create(const struct bothy_web_events *events, const struct bothy_web_limits *limits, int tls);
// Listens on a Unix socket that only its owner and `group` (may be null) reach. 0, or an errno.
int bothy_web_listen_unix(struct bothy_web *web, const char *path, const char *group);
// Listens on an address; port 0 takes a free one. With a certificate and key (PEM files), with TLS. Returns the port, or
// a negated errno.
int bothy_web_listen_tcp(
    struct bothy_web *web, const char *address, int port, const char *certificate, const char *key);
// Serves until bothy_web_stop; then closes everything and frees `web`.
void bothy_web_serve(struct bothy_web *web);
void bothy_web_wake(struct bothy_web *web);
void bothy_web_stop(struct bothy_web *web);
// Calls `alarm` after that many microseconds; a new one replaces the one before.
void bothy_web_alarm_in(struct bothy_web *web, int64_t microseconds);
// How many connections were turned away because there were too many.
uint64_t bothy_web_turned_away(const struct bothy_web *web);
int bothy_web_connections(const struct bothy_web *web);

enum bothy_web_method {
    BOTHY_WEB_GET, BOTHY_WEB_POST, BOTHY_WEB_OPTIONS, BOTHY_WEB_PUT, BOTHY_WEB_PATCH, BOTHY_WEB_DELETE, BOTHY_WEB_HEAD,
    BOTHY_WEB_OTHER
};
enum bothy_web_header {
    BOTHY_WEB_HOST, BOTHY_WEB_ORIGIN, BOTHY_WEB_COOKIE, BOTHY_WEB_AUTHORIZATION, BOTHY_WEB_CONTENT_TYPE,
    BOTHY_WEB_CONTENT_LENGTH, BOTHY_WEB_TRANSFER_ENCODING, BOTHY_WEB_EXPECT, BOTHY_WEB_ACCEPT,
    BOTHY_WEB_ACCEPT_ENCODING, BOTHY_WEB_IF_NONE_MATCH, BOTHY_WEB_USER_AGENT, BOTHY_WEB_PROTOCOL
};
// The method and the decoded path, which `out` receives; its length, or -1 where it does not fit.
int bothy_web_path(struct bothy_web_connection *connection, int *method, char *out, int capacity);
// A header's value: its length, -1 where there is none, -2 where it does not fit.
int bothy_web_header(struct bothy_web_connection *connection, int header, char *out, int capacity);
// The same for a header the library has no number for; `name` in lower case, with its colon.
int bothy_web_named_header(struct bothy_web_connection *connection, const char *name, char *out, int capacity);
// The query's part with that index, decoded: `name=value`. -1 where there is none.
int bothy_web_query(struct bothy_web_connection *connection, int index, char *out, int capacity);
// The client's address in text; empty on the Unix socket.
const char *bothy_web_address(const struct bothy_web_connection *connection);
// The process and user at the other end of a Unix socket; -1 elsewhere.
int bothy_web_peer(const struct bothy_web_connection *connection, int *pid, unsigned *uid);

// Bytes of the answer, as they go on the wire. Only inside `request`, `body`, `body_end`, `upgrade` and `writable`.
int bothy_web_write(struct bothy_web_connection *connection, const uint8_t *bytes, size_t count);
// A whole WebSocket message. Only inside `writable`.
int bothy_web_send(struct bothy_web_connection *connection, const uint8_t *bytes, size_t count, int binary);
// The answer is complete; the connection stays for the next request if `stay`. Where bothy_web_write may be called.
void bothy_web_finish(struct bothy_web_connection *connection, int stay);
// A WebSocket's last word: its code and reason. Where bothy_web_send may be called.
void bothy_web_close(struct bothy_web_connection *connection, int code, const char *reason);
void bothy_web_want_write(struct bothy_web_connection *connection);
// The library's own time-outs are for heads and bodies; an answer that takes its time is watched by its maker.
void bothy_web_no_timeout(struct bothy_web_connection *connection);
// Ends the connection soon, from wherever.
void bothy_web_kill(struct bothy_web_connection *connection);
// Bytes that the socket has taken and the other end has not, or -1.
int bothy_web_unsent(const struct bothy_web_connection *connection);
