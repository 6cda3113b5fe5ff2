#define _GNU_SOURCE
#include "CWebSockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <libwebsockets.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { SCRATCH = 64 * 1024, ADDRESS = 48, DEAD_PEER_MS = 60000 };

struct bothy_web_connection {
    struct bothy_web_connection *next, **link;
    struct bothy_web *web;
    struct lws *wsi;
    bothy_web_exchange exchange;
    int finished, doomed, socket_is_unix;
    char address[ADDRESS];
};

struct bothy_web {
    struct lws_context *context;
    struct bothy_web_events events;
    struct bothy_web_limits limits;
    struct bothy_web_connection *connections;
    int connection_count;
    uint64_t turned_away;
    volatile int stopping;
    int tls;
    lws_sorted_usec_list_t alarm;
    uint8_t *scratch;
};

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t count);

// The first is also what a WebSocket without a sub-protocol gets.
static const struct lws_protocols protocols[] = {
    {.name = "bothy.json.v1", .callback = on_event, .rx_buffer_size = 4096},
    {.name = "bothy.frames.v1", .callback = on_event, .rx_buffer_size = 4096},
    {.name = NULL},
};
static const lws_retry_bo_t alive = {.secs_since_valid_ping = 25, .secs_since_valid_hangup = 55};

static void (*log_line)(int level, const char *line);
static void on_log(int level, const char *line) {
    if (log_line) log_line(level, line);
}

// Connections

static const char *address_of(int descriptor, char *out) {
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    out[0] = 0;
    if (getpeername(descriptor, (struct sockaddr *)&peer, &size) != 0) return out;
    if (peer.ss_family == AF_INET) inet_ntop(AF_INET, &((struct sockaddr_in *)&peer)->sin_addr, out, ADDRESS);
    if (peer.ss_family == AF_INET6) {
        // A listener for both families shows IPv4 clients as ::ffff:192.0.2.1; people and counters want one name for each.
        const struct in6_addr *six = &((struct sockaddr_in6 *)&peer)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(six)) inet_ntop(AF_INET, &six->s6_addr[12], out, ADDRESS);
        else inet_ntop(AF_INET6, six, out, ADDRESS);
    }
    return out;
}

static int may_connect(struct bothy_web *web, int descriptor) {
    char address[ADDRESS];
    address_of(descriptor, address);
    int same = 0;
    for (struct bothy_web_connection *c = web->connections; c; c = c->next) same += strcmp(c->address, address) == 0;
    // The Unix socket's permissions say who may come; one of its users must not be able to lock out TCP, nor TCP it.
    if (web->connection_count < web->limits.connections && same < web->limits.connections_an_address) return 1;
    web->turned_away++;
    return 0;
}

static struct bothy_web_connection *connection_of(struct lws *wsi) {
    struct bothy_web_connection *c = lws_get_opaque_user_data(wsi);
    if (c) return c;
    if (!(c = calloc(1, sizeof *c))) return NULL;
    struct bothy_web *web = lws_context_user(lws_get_context(wsi));
    int descriptor = (int)lws_get_socket_fd(wsi);
    struct sockaddr_storage self;
    socklen_t size = sizeof self;
    c->web = web;
    c->wsi = wsi;
    c->socket_is_unix = getsockname(descriptor, (struct sockaddr *)&self, &size) == 0 && self.ss_family == AF_UNIX;
    if (!c->socket_is_unix) {
        // A reader that is gone, whose packets nobody acknowledges, is found out within a minute.
        unsigned limit = DEAD_PEER_MS;
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
        address_of(descriptor, c->address);
    }
    c->next = web->connections;
    c->link = &web->connections;
    if (c->next) c->next->link = &c->next;
    web->connections = c;
    web->connection_count++;
    lws_set_opaque_user_data(wsi, c);
    return c;
}

static void over(struct bothy_web_connection *c, int closed) {
    bothy_web_exchange exchange = c->exchange;
    c->exchange = NULL;
    if (exchange) c->web->events.over(c->web->events.owner, exchange, closed);
}

static void forget(struct lws *wsi) {
    struct bothy_web_connection *c = lws_get_opaque_user_data(wsi);
    if (!c) return;
    lws_set_opaque_user_data(wsi, NULL);
    over(c, 1);
    *c->link = c->next;
    if (c->next) c->next->link = c->link;
    c->web->connection_count--;
    free(c);
}

// What a callback returns once Swift has had its say: the library ends connections by return value only.
static int settle(struct bothy_web_connection *c) {
    if (!c->finished) return c->doomed ? -1 : 0;
    c->finished = 0;
    over(c, 0);
    if (c->doomed) return -1;
    return lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t count) {
    (void)user;
    struct bothy_web *web = lws_context_user(lws_get_context(wsi));
    struct bothy_web_connection *c;
    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return may_connect(web, (int)(intptr_t)in) ? 0 : 1;
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        return connection_of(wsi) ? 0 : -1;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        // WebSocket is welcome, HTTP/2 in the clear is not.
        return in && strcmp(in, "websocket") == 0 ? 0 : -1;
    case LWS_CALLBACK_HTTP:
        if (!(c = connection_of(wsi))) return -1;
        over(c, 1);
        c->finished = 0;
        c->exchange = web->events.request(web->events.owner, c);
        return c->exchange ? settle(c) : -1;
    case LWS_CALLBACK_HTTP_BODY:
        if (!(c = connection_of(wsi)) || !c->exchange) return c ? 0 : -1;
        web->events.body(web->events.owner, c->exchange, in, count);
        return settle(c);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        if (!(c = connection_of(wsi)) || !c->exchange) return c ? 0 : -1;
        web->events.body_end(web->events.owner, c->exchange);
        return settle(c);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        if (!(c = connection_of(wsi))) return -1;
        over(c, 1);
        c->exchange = web->events.upgrade(web->events.owner, c);
        return c->exchange ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        if (!(c = connection_of(wsi)) || !c->exchange) return -1;
        web->events.opened(web->events.owner, c->exchange);
        return c->doomed ? -1 : 0;
    case LWS_CALLBACK_RECEIVE:
        if (!(c = connection_of(wsi)) || !c->exchange) return -1;
        web->events.received(
            web->events.owner, c->exchange, in, count,
            lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0, lws_frame_is_binary(wsi));
        return c->doomed ? -1 : 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (!(c = lws_get_opaque_user_data(wsi))) return 0;
        if (c->exchange) web->events.writable(web->events.owner, c->exchange);
        return settle(c);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        if ((c = lws_get_opaque_user_data(wsi))) over(c, 1);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        forget(wsi);
        return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        if (lws_get_protocol(wsi) && lws_get_protocol(wsi)->name == protocols[0].name)
            web->events.woken(web->events.owner);
        return 0;
    default:
        // Never the library's own default: it would answer requests for us.
        return 0;
    }
}

// The server

struct bothy_web *bothy_web_create(const struct bothy_web_events *events, const struct bothy_web_limits *limits, int tls) {
    struct bothy_web *web = calloc(1, sizeof *web);
    if (!web || !(web->scratch = malloc(LWS_PRE + SCRATCH))) return free(web), NULL;
    web->events = *events;
    web->limits = *limits;
    web->tls = tls;
    log_line = events->log;
    lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
    struct lws_context_creation_info info = {0};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.user = web;
    info.gid = info.uid = -1;
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0);
    info.max_http_header_data2 = (unsigned)limits->head_bytes;
    info.max_http_header_pool2 = (unsigned)limits->connections;
    info.timeout_secs = (unsigned)limits->head_seconds;
    info.timeout_secs_ah_idle = (unsigned)limits->head_seconds;
    info.fd_limit_per_thread = (unsigned)limits->connections + 16;
    info.pt_serv_buf_size = 16 * 1024;
    info.retry_and_idle_policy = &alive;
    if (!(web->context = lws_create_context(&info))) return free(web->scratch), free(web), NULL;
    return web;
}

static void describe_listener(struct bothy_web *web, struct lws_context_creation_info *info) {
    info->protocols = protocols;
    info->keepalive_timeout = web->limits.idle_seconds;
    info->timeout_secs = (unsigned)web->limits.head_seconds;
    info->options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | LWS_SERVER_OPTION_VALIDATE_UTF8
        | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
    info->retry_and_idle_policy = &alive;
    info->alpn = "http/1.1";
}

int bothy_web_listen_unix(struct bothy_web *web, const char *path, const char *group) {
    struct lws_context_creation_info info = {0};
    describe_listener(web, &info);
    info.vhost_name = "unix";
    info.iface = path;
    info.options |= LWS_SERVER_OPTION_UNIX_SOCK;
    mode_t before = umask(0177);
    errno = 0;
    struct lws_vhost *host = lws_create_vhost(web->context, &info);
    int why = errno;
    umask(before);
    if (!host) return why ? why : EADDRNOTAVAIL;
    struct group *owner = group && *group ? getgrnam(group) : NULL;
    // Without the group, only the owner gets in: safe, and the daemon says so.
    if (owner && chown(path, (uid_t)-1, owner->gr_gid) != 0) return errno;
    return chmod(path, owner ? 0660 : 0600) == 0 ? 0 : errno;
}

int bothy_web_listen_tcp(
    struct bothy_web *web, const char *address, int port, const char *certificate, const char *key) {
    struct lws_context_creation_info info = {0};
    describe_listener(web, &info);
    char name[80];
    snprintf(name, sizeof name, "%s:%d", address, port);
    info.vhost_name = name;
    info.iface = address;
    info.port = port;
    if (!strchr(address, ':')) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (certificate) {
        // Without this the library would listen all the same, and speak in the clear.
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = certificate;
        info.ssl_private_key_filepath = key;
    }
    errno = 0;
    struct lws_vhost *host = lws_create_vhost(web->context, &info);
    if (!host) return errno ? -errno : -EADDRNOTAVAIL;
    return lws_get_vhost_listen_port(host);
}

void bothy_web_serve(struct bothy_web *web) {
    while (!web->stopping && lws_service(web->context, 0) >= 0) {}
    lws_sul_schedule(web->context, 0, &web->alarm, NULL, LWS_SET_TIMER_USEC_CANCEL);
    lws_context_destroy(web->context);
    free(web->scratch);
    free(web);
}

void bothy_web_wake(struct bothy_web *web) { lws_cancel_service(web->context); }

void bothy_web_stop(struct bothy_web *web) {
    web->stopping = 1;
    lws_cancel_service(web->context);
}

static void on_alarm(lws_sorted_usec_list_t *alarm) {
    struct bothy_web *web = lws_container_of(alarm, struct bothy_web, alarm);
    web->events.alarm(web->events.owner);
}

void bothy_web_alarm_in(struct bothy_web *web, int64_t microseconds) {
    lws_sul_schedule(web->context, 0, &web->alarm, on_alarm, microseconds > 0 ? microseconds : 1);
}

uint64_t bothy_web_turned_away(const struct bothy_web *web) { return web->turned_away; }
int bothy_web_connections(const struct bothy_web *web) { return web->connection_count; }

// Reading a request

int bothy_web_path(struct bothy_web_connection *c, int *method, char *out, int capacity) {
    static const int methods[] = {
        [LWSHUMETH_GET] = BOTHY_WEB_GET, [LWSHUMETH_POST] = BOTHY_WEB_POST, [LWSHUMETH_OPTIONS] = BOTHY_WEB_OPTIONS,
        [LWSHUMETH_PUT] = BOTHY_WEB_PUT, [LWSHUMETH_PATCH] = BOTHY_WEB_PATCH, [LWSHUMETH_DELETE] = BOTHY_WEB_DELETE,
        [LWSHUMETH_CONNECT] = BOTHY_WEB_OTHER, [LWSHUMETH_HEAD] = BOTHY_WEB_HEAD, [LWSHUMETH_COLON_PATH] = BOTHY_WEB_OTHER};
    char *path = NULL;
    int length = 0;
    int found = lws_http_get_uri_and_method(c->wsi, &path, &length);
    *method = found >= 0 && found < (int)LWS_ARRAY_SIZE(methods) ? methods[found] : BOTHY_WEB_OTHER;
    if (found < 0 || !path || length > capacity) return -1;
    memcpy(out, path, (size_t)length);
    return length;
}

int bothy_web_header(struct bothy_web_connection *c, int header, char *out, int capacity) {
    static const enum lws_token_indexes tokens[] = {
        [BOTHY_WEB_HOST] = WSI_TOKEN_HOST, [BOTHY_WEB_ORIGIN] = WSI_TOKEN_ORIGIN,
        [BOTHY_WEB_COOKIE] = WSI_TOKEN_HTTP_COOKIE, [BOTHY_WEB_AUTHORIZATION] = WSI_TOKEN_HTTP_AUTHORIZATION,
        [BOTHY_WEB_CONTENT_TYPE] = WSI_TOKEN_HTTP_CONTENT_TYPE,
        [BOTHY_WEB_CONTENT_LENGTH] = WSI_TOKEN_HTTP_CONTENT_LENGTH,
        [BOTHY_WEB_TRANSFER_ENCODING] = WSI_TOKEN_HTTP_TRANSFER_ENCODING, [BOTHY_WEB_EXPECT] = WSI_TOKEN_HTTP_EXPECT,
        [BOTHY_WEB_ACCEPT] = WSI_TOKEN_HTTP_ACCEPT, [BOTHY_WEB_ACCEPT_ENCODING] = WSI_TOKEN_HTTP_ACCEPT_ENCODING,
        [BOTHY_WEB_IF_NONE_MATCH] = WSI_TOKEN_HTTP_IF_NONE_MATCH, [BOTHY_WEB_USER_AGENT] = WSI_TOKEN_HTTP_USER_AGENT,
        [BOTHY_WEB_PROTOCOL] = WSI_TOKEN_PROTOCOL};
    int length = lws_hdr_total_length(c->wsi, tokens[header]);
    if (length <= 0) return -1;
    if (length >= capacity) return -2;
    return lws_hdr_copy(c->wsi, out, capacity, tokens[header]);
}

int bothy_web_named_header(struct bothy_web_connection *c, const char *name, char *out, int capacity) {
    int size = (int)strlen(name);
    int length = lws_hdr_custom_length(c->wsi, name, size);
    if (length < 0) return -1;
    if (length >= capacity) return -2;
    return lws_hdr_custom_copy(c->wsi, out, capacity, name, size);
}

int bothy_web_query(struct bothy_web_connection *c, int index, char *out, int capacity) {
    return lws_hdr_copy_fragment(c->wsi, out, capacity, WSI_TOKEN_HTTP_URI_ARGS, index);
}

const char *bothy_web_address(const struct bothy_web_connection *c) { return c->address; }

int bothy_web_peer(const struct bothy_web_connection *c, int *pid, unsigned *uid) {
    struct ucred who;
    socklen_t size = sizeof who;
    if (!c->socket_is_unix) return -1;
    if (getsockopt((int)lws_get_socket_fd(c->wsi), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return -1;
    *pid = who.pid;
    *uid = who.uid;
    return 0;
}

// Writing an answer

static int write_some(
    struct bothy_web_connection *c, const uint8_t *bytes, size_t count, enum lws_write_protocol how) {
    if (count > SCRATCH) return -1;
    memcpy(c->web->scratch + LWS_PRE, bytes, count);
    if (lws_write(c->wsi, c->web->scratch + LWS_PRE, count, how) >= 0) return 0;
    c->doomed = 1;
    return -1;
}

int bothy_web_write(struct bothy_web_connection *c, const uint8_t *bytes, size_t count) {
    return write_some(c, bytes, count, LWS_WRITE_HTTP);
}

int bothy_web_send(struct bothy_web_connection *c, const uint8_t *bytes, size_t count, int binary) {
    return write_some(c, bytes, count, binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
}

void bothy_web_finish(struct bothy_web_connection *c, int stay) {
    c->finished = 1;
    if (!stay) c->doomed = 1;
}

void bothy_web_close(struct bothy_web_connection *c, int code, const char *reason) {
    lws_close_reason(c->wsi, (enum lws_close_status)code, (unsigned char *)reason, strlen(reason));
    c->doomed = 1;
}

void bothy_web_want_write(struct bothy_web_connection *c) { lws_callback_on_writable(c->wsi); }
void bothy_web_no_timeout(struct bothy_web_connection *c) { lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0); }
void bothy_web_kill(struct bothy_web_connection *c) { lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC); }

int bothy_web_unsent(const struct bothy_web_connection *c) {
    int count = 0;
    return ioctl((int)lws_get_socket_fd(c->wsi), SIOCOUTQ, &count) == 0 ? count : -1;
}
