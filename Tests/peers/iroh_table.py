"""Prints the interface of the transport library as the wheel's own bindings have it: symbol, result, arguments."""
import ctypes
import iroh.iroh_ffi as bindings

names = {
    None: "void", bindings._UniffiRustBuffer: "BUFFER", ctypes.POINTER(bindings._UniffiRustCallStatus): "STATUS",
    bindings._UNIFFI_RUST_FUTURE_CONTINUATION_CALLBACK: "CONTINUATION", ctypes.c_uint64: "u64", ctypes.c_int64: "i64",
    ctypes.c_uint32: "u32", ctypes.c_int32: "i32", ctypes.c_int8: "i8",
}
for symbol, function in vars(bindings._UniffiLib).items():
    if "iroh_ffi" in symbol and "checksum" not in symbol and function.argtypes is not None:
        arguments = [names.get(argument, "?") for argument in function.argtypes]
        print(symbol, names.get(function.restype, "?"), ",".join(arguments))
