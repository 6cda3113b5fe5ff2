// iroh 1.x, the peer-to-peer transport, as the shared library libiroh_ffi.so that its Python wheel carries: loaded at run
// time, so that a gateway without it works with peering off. The table below is the part of its interface that is used,
// written by hand: the generated bindings cannot cancel a read and stop the process on a mismatch. A test holds the table
// against the one in the wheel.
#pragma once
#include <stddef.h>
#include <stdint.h>

// What the library calls RustBuffer and RustCallStatus: they pass by value, hence this header.
struct bothy_iroh_buffer { uint64_t capacity; uint64_t length; uint8_t *data; };
struct bothy_iroh_status { int8_t code; struct bothy_iroh_buffer error; };
typedef void (*bothy_iroh_continuation)(uint64_t argument, int8_t ready);

enum { BOTHY_IROH_CONTRACT = 30 };
enum { BOTHY_IROH_OK = 0, BOTHY_IROH_FAILED = 1, BOTHY_IROH_PANICKED = 2, BOTHY_IROH_CANCELLED = 3 };

#define BUFFER struct bothy_iroh_buffer
#define STATUS struct bothy_iroh_status *
#define HANDLE uint64_t
#define FUTURE uint64_t

// X(result, field, symbol after its prefix, arguments). METHOD and FFI are the two prefixes.
#define BOTHY_IROH_FUTURES(X, result, kind) \
    X(FFI, void, poll_##kind, rust_future_poll_##kind, (FUTURE, bothy_iroh_continuation, uint64_t)) \
    X(FFI, void, cancel_##kind, rust_future_cancel_##kind, (FUTURE)) \
    X(FFI, result, complete_##kind, rust_future_complete_##kind, (FUTURE, STATUS)) \
    X(FFI, void, free_##kind, rust_future_free_##kind, (FUTURE))

#define BOTHY_IROH_OBJECT(X, object) \
    X(METHOD, HANDLE, clone_##object, clone_##object, (HANDLE, STATUS)) \
    X(METHOD, void, free_##object, free_##object, (HANDLE, STATUS))

#define BOTHY_IROH_TABLE(X) \
    X(FFI, uint32_t, contract_version, uniffi_contract_version, (void)) \
    X(FFI, BUFFER, buffer_alloc, rustbuffer_alloc, (uint64_t, STATUS)) \
    X(FFI, void, buffer_free, rustbuffer_free, (BUFFER, STATUS)) \
    BOTHY_IROH_FUTURES(X, uint64_t, u64) \
    BOTHY_IROH_FUTURES(X, int8_t, i8) \
    BOTHY_IROH_FUTURES(X, BUFFER, rust_buffer) \
    BOTHY_IROH_FUTURES(X, void, void) \
    BOTHY_IROH_OBJECT(X, iroherror) \
    X(METHOD, BUFFER, error_kind, method_iroherror_kind, (HANDLE, STATUS)) \
    X(METHOD, BUFFER, error_message, method_iroherror_message, (HANDLE, STATUS)) \
    BOTHY_IROH_OBJECT(X, endpointid) \
    X(METHOD, HANDLE, id_from_bytes, constructor_endpointid_from_bytes, (BUFFER, STATUS)) \
    X(METHOD, BUFFER, id_bytes, method_endpointid_to_bytes, (HANDLE, STATUS)) \
    BOTHY_IROH_OBJECT(X, endpointaddr) \
    X(METHOD, HANDLE, address_new, constructor_endpointaddr_new, (HANDLE, BUFFER, BUFFER, STATUS)) \
    X(METHOD, BUFFER, address_direct, method_endpointaddr_direct_addresses, (HANDLE, STATUS)) \
    X(METHOD, BUFFER, address_relay, method_endpointaddr_relay_url, (HANDLE, STATUS)) \
    BOTHY_IROH_OBJECT(X, relaymap) \
    X(METHOD, HANDLE, relaymap_empty, constructor_relaymap_empty, (STATUS)) \
    X(METHOD, void, relaymap_insert, method_relaymap_insert, (HANDLE, BUFFER, STATUS)) \
    BOTHY_IROH_OBJECT(X, relaymode) \
    X(METHOD, HANDLE, relaymode_disabled, constructor_relaymode_disabled, (STATUS)) \
    X(METHOD, HANDLE, relaymode_default, constructor_relaymode_default_mode, (STATUS)) \
    X(METHOD, HANDLE, relaymode_custom, constructor_relaymode_custom, (HANDLE, STATUS)) \
    BOTHY_IROH_OBJECT(X, endpointbuilder) \
    X(METHOD, HANDLE, builder_new, constructor_endpointbuilder_new, (STATUS)) \
    X(METHOD, void, builder_minimal, method_endpointbuilder_apply_minimal, (HANDLE, STATUS)) \
    X(METHOD, void, builder_secret_key, method_endpointbuilder_secret_key, (HANDLE, BUFFER, STATUS)) \
    X(METHOD, void, builder_alpns, method_endpointbuilder_alpns, (HANDLE, BUFFER, STATUS)) \
    X(METHOD, void, builder_relay_mode, method_endpointbuilder_relay_mode, (HANDLE, HANDLE, STATUS)) \
    X(METHOD, void, builder_bind_address, method_endpointbuilder_bind_addr, (HANDLE, BUFFER, STATUS)) \
    X(METHOD, FUTURE, builder_bind, method_endpointbuilder_bind, (HANDLE)) \
    BOTHY_IROH_OBJECT(X, endpoint) \
    X(METHOD, FUTURE, endpoint_accept, method_endpoint_accept_next, (HANDLE)) \
    X(METHOD, FUTURE, endpoint_connect, method_endpoint_connect, (HANDLE, HANDLE, BUFFER)) \
    X(METHOD, FUTURE, endpoint_close, method_endpoint_close, (HANDLE)) \
    X(METHOD, HANDLE, endpoint_address, method_endpoint_addr, (HANDLE, STATUS)) \
    X(METHOD, BUFFER, endpoint_sockets, method_endpoint_bound_sockets, (HANDLE, STATUS)) \
    X(METHOD, FUTURE, endpoint_add_external, method_endpoint_add_external_addr, (HANDLE, BUFFER)) \
    BOTHY_IROH_OBJECT(X, incoming) \
    X(METHOD, FUTURE, incoming_address, method_incoming_remote_addr, (HANDLE)) \
    X(METHOD, FUTURE, incoming_validated, method_incoming_remote_addr_validated, (HANDLE)) \
    X(METHOD, FUTURE, incoming_accept, method_incoming_accept, (HANDLE)) \
    X(METHOD, FUTURE, incoming_ignore, method_incoming_ignore, (HANDLE)) \
    X(METHOD, FUTURE, incoming_refuse, method_incoming_refuse, (HANDLE)) \
    X(METHOD, FUTURE, incoming_retry, method_incoming_retry, (HANDLE)) \
    BOTHY_IROH_OBJECT(X, accepting) \
    X(METHOD, FUTURE, accepting_connect, method_accepting_connect, (HANDLE)) \
    BOTHY_IROH_OBJECT(X, connection) \
    X(METHOD, BUFFER, connection_alpn, method_connection_alpn, (HANDLE, STATUS)) \
    X(METHOD, HANDLE, connection_remote_id, method_connection_remote_id, (HANDLE, STATUS)) \
    X(METHOD, BUFFER, connection_paths, method_connection_paths, (HANDLE, STATUS)) \
    X(METHOD, void, connection_close, method_connection_close, (HANDLE, int64_t, BUFFER, STATUS)) \
    X(METHOD, BUFFER, connection_close_reason, method_connection_close_reason, (HANDLE, STATUS)) \
    X(METHOD, FUTURE, connection_closed, method_connection_closed, (HANDLE)) \
    X(METHOD, void, connection_most_bi, method_connection_set_max_concurrent_bi_streams, (HANDLE, uint64_t, STATUS)) \
    X(METHOD, void, connection_most_uni, method_connection_set_max_concurrent_uni_streams, \
      (HANDLE, uint64_t, STATUS)) \
    X(METHOD, void, connection_window, method_connection_set_receive_window, (HANDLE, uint64_t, STATUS)) \
    X(METHOD, FUTURE, connection_open_bi, method_connection_open_bi, (HANDLE)) \
    X(METHOD, FUTURE, connection_open_uni, method_connection_open_uni, (HANDLE)) \
    X(METHOD, FUTURE, connection_accept_bi, method_connection_accept_bi, (HANDLE)) \
    X(METHOD, FUTURE, connection_accept_uni, method_connection_accept_uni, (HANDLE)) \
    BOTHY_IROH_OBJECT(X, bistream) \
    X(METHOD, HANDLE, bistream_send, method_bistream_send, (HANDLE, STATUS)) \
    X(METHOD, HANDLE, bistream_receive, method_bistream_recv, (HANDLE, STATUS)) \
    BOTHY_IROH_OBJECT(X, sendstream) \
    X(METHOD, FUTURE, send_write_all, method_sendstream_write_all, (HANDLE, BUFFER)) \
    X(METHOD, FUTURE, send_finish, method_sendstream_finish, (HANDLE)) \
    X(METHOD, FUTURE, send_reset, method_sendstream_reset, (HANDLE, uint64_t)) \
    X(METHOD, FUTURE, send_set_priority, method_sendstream_set_priority, (HANDLE, int32_t)) \
    BOTHY_IROH_OBJECT(X, recvstream) \
    X(METHOD, FUTURE, receive_read, method_recvstream_read, (HANDLE, uint32_t)) \
    X(METHOD, FUTURE, receive_stop, method_recvstream_stop, (HANDLE, uint64_t))

#define BOTHY_IROH_FIELD(prefix, result, field, symbol, arguments) result(*field) arguments;
struct bothy_iroh { BOTHY_IROH_TABLE(BOTHY_IROH_FIELD) };
#undef BOTHY_IROH_FIELD
#undef BUFFER
#undef STATUS
#undef HANDLE
#undef FUTURE

// Loads the library and fills the table once. NULL when that fails, with a sentence in `why`. Never unloaded: its threads
// cannot be stopped.
const struct bothy_iroh *bothy_iroh_load(const char *path, char *why, size_t why_size);

// The table as lines `symbol result(argument,argument)`, for the test that holds it against the wheel's.
const char *bothy_iroh_describe(void);
