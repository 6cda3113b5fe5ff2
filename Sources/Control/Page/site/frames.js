// bothy.frames.v1: a message is the byte 1 and then, stream after stream, its number, the first sample's number and a
// length as varints, and so many bytes as blocks are packed.
import { Malformed, Reader, unpack } from "./packing.js";

const mostPacked = 65_536;

/** [{stream, first, samples}] of one message. */
export function decode(message) {
    const reader = new Reader(new Uint8Array(message));
    if (reader.byte() !== 1) throw new Malformed("a message of a later version");
    const parts = [];
    while (reader.left > 0) {
        const stream = reader.count(2 ** 32 - 1);
        const first = Number(reader.varint());
        parts.push({ stream, first, samples: unpack(reader.raw(reader.count(mostPacked))) });
    }
    return parts;
}
