// bothy.frames.v1: samples as the gateway packs blocks. A message is the byte 1 and then, stream after stream: its number,
// the first sample's number and a length as varints, and so many packed bytes.

export class Malformed extends Error {}

class Reader {
    constructor(bytes, at = 0, end = bytes.length) {
        this.bytes = bytes;
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        this.at = at;
        this.end = end;
    }
    get left() { return this.end - this.at; }
    byte() {
        if (this.at >= this.end) throw new Malformed("ends too early");
        return this.bytes[this.at++];
    }
    /** A number below 2^53, or beyond it a BigInt that is exact. */
    varint() {
        let value = 0;
        let factor = 1;
        const start = this.at;
        for (let index = 0; index < 7; index += 1) {
            const byte = this.byte();
            value += (byte & 127) * factor;
            if (byte < 128) return value;
            factor *= 128;
        }
        this.at = start;
        let big = 0n;
        for (let shift = 0n; shift < 70n; shift += 7n) {
            const byte = this.byte();
            big |= BigInt(byte & 127) << shift;
            if (byte < 128) {
                if (big >= 1n << 64n) break;
                return big <= 9007199254740991n ? Number(big) : big;
            }
        }
        throw new Malformed("a number is too large");
    }
    count(most) {
        const value = this.varint();
        if (typeof value !== "number" || value > most) throw new Malformed("a length is over its maximum");
        return value;
    }
    /** Zigzag: 0, −1, 1, −2 …; a BigInt where a number would not be exact. */
    signed() {
        const value = this.varint();
        if (typeof value === "bigint") {
            const half = value >> 1n;
            return value & 1n ? -half - 1n : half;
        }
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    double() {
        if (this.left < 8) throw new Malformed("ends too early");
        this.at += 8;
        return this.view.getFloat64(this.at - 8, true);
    }
    raw(count) {
        if (this.left < count) throw new Malformed("ends too early");
        this.at += count;
        return this.bytes.subarray(this.at - count, this.at);
    }
}

const kinds = { 1: "integer", 2: "double", 3: "boolean", 4: "text" };
export const mostSamples = 4096;

/** {kind, scale, width, times, values}: boot times in nanoseconds; of integers the mantissas; parts of a sample in a row. */
export function unpack(bytes) {
    const reader = new Reader(bytes);
    if (reader.byte() !== 0) throw new Malformed("a packing of a later version");
    const kind = kinds[reader.byte()];
    if (!kind) throw new Malformed("a kind of a later version");
    const scale = kind === "integer" ? reader.byte() << 24 >> 24 : 0;
    const width = reader.count(64);
    const count = reader.count(mostSamples);
    if (width === 0) throw new Malformed("samples without values");
    const times = new Array(count);
    let last = 0;
    for (let index = 0; index < count; index += 1) {
        const step = reader.signed();
        last = typeof step === "number" && Number.isSafeInteger(Number(last) + step) && typeof last === "number"
            ? last + step : BigInt(last) + BigInt(step);
        times[index] = last;
    }
    const values = new Array(count * width);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (let index = 0; index < values.length; index += 1) {
        if (kind === "integer") values[index] = reader.signed();
        else if (kind === "double") values[index] = reader.double();
        else if (kind === "boolean") values[index] = reader.byte() === 1;
        else values[index] = decoder.decode(reader.raw(reader.count(255)));
    }
    if (reader.left > 0) throw new Malformed("is followed by bytes that do not belong to it");
    return { kind, scale, width, times, values };
}

/** [{stream, first, samples}] of one message. */
export function decode(message) {
    const bytes = new Uint8Array(message);
    const reader = new Reader(bytes);
    if (reader.byte() !== 1) throw new Malformed("a message of a later version");
    const parts = [];
    while (reader.left > 0) {
        const stream = reader.count(2 ** 32 - 1);
        const first = reader.varint();
        parts.push({ stream, first: Number(first), samples: unpack(reader.raw(reader.count(65536))) });
    }
    return parts;
}
