"""A small relay for tests: carries datagrams between endpoints that cannot reach each other. Arguments: address, port.

Believes every client's key; a real one checks the signature in the second frame."""
import asyncio
import base64
import hashlib
import os
import struct
import sys

clients = {}


def varint(data):
    """QUIC's: the two high bits say how many bytes."""
    size = 1 << (data[0] >> 6)
    value = int.from_bytes(data[:size], "big") & ((1 << (8 * size - 2)) - 1)
    return value, data[size:]


async def read_message(reader):
    """One binary WebSocket message of a client, which masks its bytes; None at the end."""
    message = b""
    while True:
        head = await reader.readexactly(2)
        final, kind, size = head[0] & 0x80, head[0] & 0x0F, head[1] & 0x7F
        if size == 126:
            size = struct.unpack(">H", await reader.readexactly(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", await reader.readexactly(8))[0]
        mask = await reader.readexactly(4)
        data = await reader.readexactly(size)
        data = bytes(byte ^ mask[index & 3] for index, byte in enumerate(data))
        if kind == 8:
            return None
        if kind in (0, 1, 2):
            message += data
            if final:
                return message


def write_message(writer, data):
    size = len(data)
    head = bytes([0x82, size]) if size < 126 else bytes([0x82, 126]) + struct.pack(">H", size)
    writer.write(head + data)


async def serve(reader, writer):
    key = None
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.lower().split(": ", 1) if ": " in line else (line, "") for line in head.split("\r\n"))
        raw = dict(line.split(": ", 1) for line in head.split("\r\n") if ": " in line)
        if not head.startswith("GET /relay"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        name = next(value for field, value in raw.items() if field.lower() == "sec-websocket-key")
        accept = base64.b64encode(hashlib.sha1((name + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        offered = [item.strip() for item in lines.get("sec-websocket-protocol", "").split(",")]
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Accept: " + accept + b"\r\nSec-WebSocket-Protocol: " + offered[0].encode() + b"\r\n\r\n")
        write_message(writer, bytes([0]) + os.urandom(16))
        auth = await read_message(reader)
        key = auth[1:33]
        clients[key] = writer
        write_message(writer, bytes([2]))
        while (message := await read_message(reader)) is not None:
            kind, body = varint(message)
            if kind in (4, 5):
                to = clients.get(body[:32])
                if to is None:
                    write_message(writer, bytes([8]) + body[:32])
                else:
                    write_message(to, bytes([kind + 2]) + key + body[32:])
            elif kind == 9:
                write_message(writer, bytes([10]) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        if clients.get(key) is writer:
            del clients[key]
        writer.close()


async def main():
    server = await asyncio.start_server(serve, sys.argv[1], int(sys.argv[2]))
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
