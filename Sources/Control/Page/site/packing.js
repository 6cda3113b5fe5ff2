// Reads samples as blocks pack them: docs/formats.md, version 1. Numbers of 64 bits are BigInts here, and wrap as they do
// there: a BigInt64Array does that by itself, and `wrap` where a number is shifted before it is stored.

export class Malformed extends Error {}

const wrap = (value) => BigInt.asIntN(64, value);
const mostText = 255;
const mostWidth = 64;
export const mostSamples = 4096;

export class Reader {
    constructor(bytes) {
        this.bytes = bytes;
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        this.at = 0;
    }

    get left() { return this.bytes.length - this.at; }

    byte() {
        if (this.at >= this.bytes.length) throw new Malformed("ends too early");
        return this.bytes[this.at++];
    }

    /** Seven bits a byte, the lowest first; a number where it is exact, else a BigInt. */
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
                if (big >> 64n) break;
                return big;
            }
        }
        throw new Malformed("a number is too large");
    }

    count(most) {
        const value = this.varint();
        if (typeof value !== "number" || value > most) throw new Malformed("a count is over its maximum");
        return value;
    }

    /** 0, −1, 1, −2 … are 0, 1, 2, 3 … */
    signed() {
        const value = BigInt(this.varint());
        return wrap((value >> 1n) ^ -(value & 1n));
    }

    int64() {
        this.need(8);
        this.at += 8;
        return this.view.getBigInt64(this.at - 8, true);
    }

    double() {
        this.need(8);
        this.at += 8;
        return this.view.getFloat64(this.at - 8, true);
    }

    raw(count) {
        this.need(count);
        this.at += count;
        return this.bytes.subarray(this.at - count, this.at);
    }

    /** `count` numbers of `width` bits each, the lowest bit first, up to a whole byte. */
    packed(count, width) {
        const from = this.at * 8;
        this.raw(Math.ceil((count * width) / 8));
        return Array.from({ length: count }, (_, index) => this.bits(from + index * width, width));
    }

    /** The `width` bits (at most 48) from bit `place` on; zeros after the end. */
    bits(place, width) {
        let value = 0;
        let factor = 1;
        let at = place >> 3;
        let skip = place & 7;
        for (let left = width; left > 0;) {
            const take = Math.min(8 - skip, left);
            const byte = at < this.bytes.length ? this.bytes[at] : 0;
            value += ((byte >> skip) & ((1 << take) - 1)) * factor;
            factor *= 2 ** take;
            left -= take;
            skip = 0;
            at += 1;
        }
        return value;
    }

    need(count) { if (this.left < count) throw new Malformed("ends too early"); }
}

/** How a column's first byte is made: 14 × the way it is coded + how its residuals start. */
const codes = 14;

/** Golomb–Rice codes: all quotients in unary, then all low bits, as many each as the quotients before it say. */
function rice(out, code, reader) {
    const start = code === codes - 1 ? reader.byte() : code;
    if (start === 0xff) { out.fill(0n); return; }
    const first = start >> 1;
    if (first > 48) throw new Malformed("a rice parameter is over its maximum");
    const inertia = start & 1 ? 5n : 3n;
    const quotients = new Uint8Array(out.length);
    let place = reader.at * 8;
    let escapes = false;
    for (let index = 0; index < out.length; index += 1) {
        let quotient = 0;
        while (true) {
            if (place >> 3 >= reader.bytes.length) throw new Malformed("ends too early");
            const bit = (reader.bytes[place >> 3] >> (place & 7)) & 1;
            place += 1;
            if (bit) break;
            quotient += 1;
            if (quotient > 20) throw new Malformed("a quotient is over its maximum");
        }
        quotients[index] = quotient;
        escapes ||= quotient === 20;
    }
    let mean = 24n << (BigInt(first) + inertia);
    const least = 16n << inertia;
    for (let index = 0; index < out.length; index += 1) {
        const width = Math.min(59 - Number(inertia) - leadingZeros(mean | least), 48);
        mean += BigInt((quotients[index] * 2 + 1) * 7) * (1n << BigInt(width)) - (mean >> inertia);
        const value = quotients[index] * 2 ** width + reader.bits(place, width);
        out[index] = BigInt(value % 2 === 0 ? value / 2 : -(value + 1) / 2);
        place += width;
    }
    reader.raw(Math.ceil(place / 8) - reader.at);
    if (escapes) quotients.forEach((quotient, index) => { if (quotient === 20) out[index] = reader.signed(); });
}

function leadingZeros(value) {
    const high = Number(value >> 32n);
    return high ? Math.clz32(high) : 32 + Math.clz32(Number(value & 0xffffffffn));
}

function integers(out, reader, mayRepeat = true) {
    if (out.length === 0) return;
    const head = reader.byte();
    const way = Math.floor(head / codes);
    if (way === 0) out.fill(reader.signed());
    else if (way === 1) for (let index = 0; index < out.length; index += 1) out[index] = reader.int64();
    else if (way === 2 || way === 3) {
        if (!mayRepeat) throw new Malformed("runs within runs");
        runs(out, way === 3, reader);
    } else if (way === 17) {
        const step = wrap(BigInt(reader.varint()) + 2n);
        dense(out, reader.byte(), step, reader);
    } else dense(out, head, 1n, reader);
}

/** The numbers, or the steps between them, and of each how often it repeats. */
function runs(whole, ofSteps, reader) {
    if (ofSteps) whole[0] = reader.signed();
    const out = ofSteps ? whole.subarray(1) : whole;
    const count = reader.count(out.length);
    const [numbers, lengths] = [new BigInt64Array(count), new BigInt64Array(count)];
    integers(numbers, reader, false);
    integers(lengths, reader, false);
    let at = 0;
    for (let run = 0; run < count; run += 1) {
        if (lengths[run] < 0n || lengths[run] >= BigInt(out.length - at)) throw new Malformed("runs that do not fit");
        const end = at + Number(lengths[run]) + 1;
        out.fill(numbers[run], at, end);
        at = end;
    }
    if (at !== out.length) throw new Malformed("runs that do not fit");
    if (ofSteps) for (let index = 1; index < whole.length; index += 1) whole[index] += whole[index - 1];
}

function dense(out, head, step, reader) {
    const way = Math.floor(head / codes);
    const code = head % codes;
    const base = reader.signed();
    if (way === 4) {
        const center = reader.signed();
        rice(out, code, reader);
        for (let index = 0; index < out.length; index += 1) out[index] += center;
    } else if (way >= 5 && way <= 7) {
        rice(out.subarray(1), code, reader);
        out[0] = 0n;
        for (let order = way - 4; order > 0; order -= 1) {
            for (let index = 1; index < out.length; index += 1) out[index] += out[index - 1];
        }
    } else if (way >= 8 && way <= 15) predicted(out, way - 7, code, reader);
    else if (way === 16) line(out, code, reader);
    else throw new Malformed("a column of a later version");
    for (let index = 0; index < out.length; index += 1) out[index] = out[index] * step + base;
}

/** The next first difference from up to eight before it. */
function predicted(out, order, code, reader) {
    const parameter = reader.byte();
    const width = parameter & 15;
    const shift = BigInt(parameter >> 4);
    if (width === 0) throw new Malformed("a prediction without coefficients");
    const coefficients = reader.packed(order, width).map((bits) => BigInt(bits >= 2 ** (width - 1) ? bits - 2 ** width : bits));
    rice(out.subarray(1), code, reader);
    out[0] = 0n;
    const half = shift > 0n ? 1n << (shift - 1n) : 0n;
    const history = new Array(order).fill(0n);
    for (let index = 1; index < out.length; index += 1) {
        let guess = half;
        for (let back = 0; back < order; back += 1) guess += coefficients[back] * history[back];
        const difference = wrap(out[index] + (wrap(guess) >> shift));
        out[index] = out[index - 1] + difference;
        history.pop();
        history.unshift(difference);
    }
}

/** Distances from a straight line. */
function line(out, code, reader) {
    const fraction = reader.byte();
    if (fraction > 24) throw new Malformed("a line too fine");
    let at = reader.signed();
    const slope = reader.signed();
    rice(out, code, reader);
    for (let index = 0; index < out.length; index += 1) {
        out[index] += at >> BigInt(fraction);
        at = wrap(at + slope);
    }
}

function doubles(count, reader) {
    if (count === 0) return [];
    const form = reader.byte();
    if (form > 2) throw new Malformed("doubles of a later version");
    const exceptions = [];
    let factor = 1;
    if (form > 0) {
        const scale = reader.byte();
        if (scale > (form === 1 ? 15 : 30)) throw new Malformed("a scale is over its maximum");
        for (let index = 0; index < scale; index += 1) factor *= form === 1 ? 10 : 2;
        let at = 0;
        const exceptional = reader.count(count);
        for (let index = 0; index < exceptional; index += 1) {
            at += reader.count(count - 1 - at);
            exceptions.push([at, reader.double()]);
        }
    }
    const numbers = new BigInt64Array(count);
    integers(numbers, reader);
    if (form === 0) {
        for (let index = 0; index < count; index += 1) {
            if (numbers[index] < 0n) numbers[index] ^= 0x7fffffffffffffffn;
        }
        return Array.from(new Float64Array(numbers.buffer));
    }
    const values = Array.from(numbers, (number) => Number(number) / factor);
    for (const [at, value] of exceptions) values[at] = value;
    return values;
}

function booleans(count, reader) {
    if (count === 0) return [];
    const head = reader.byte();
    if (head > 3) throw new Malformed("booleans of a later version");
    if (head & 2) return reader.packed(count, 1).map((bit) => bit === 1);
    let value = (head & 1) === 1;
    const values = [];
    for (let changes = reader.count(count - 1); changes > 0; changes -= 1) {
        const length = reader.count(count) + 1;
        if (length >= count - values.length) throw new Malformed("runs that do not fit");
        for (let index = 0; index < length; index += 1) values.push(value);
        value = !value;
    }
    while (values.length < count) values.push(value);
    return values;
}

function texts(count, reader) {
    if (count === 0) return [];
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const different = [];
    for (let left = reader.count(count); left > 0; left -= 1) {
        try { different.push(decoder.decode(reader.raw(reader.count(mostText)))); } catch (error) {
            throw error instanceof Malformed ? error : new Malformed("a text that is not UTF-8");
        }
    }
    const places = new BigInt64Array(count);
    integers(places, reader);
    return Array.from(places, (place) => {
        if (place < 0n || place >= BigInt(different.length)) throw new Malformed("a text that is not there");
        return different[Number(place)];
    });
}

/** Most rates are round, so the step's trailing zeros are said in threes. */
function evenStep(reader) {
    const number = BigInt(reader.varint());
    const rest = (number >> 3n) ^ -((number >> 2n) & 1n);
    return wrap(rest * 1000n ** (number & 3n));
}

/** {kind, scale, width, times, values}: boot times in nanoseconds (BigInts); of integers the mantissas, as BigInts; the
    parts of a sample in a row. */
export function unpack(bytes) {
    const reader = new Reader(bytes);
    const head = reader.byte();
    if (head & 0x80) throw new Malformed("a packing of a later version");
    const kind = ["integer", "double", "boolean", "text"][head & 3];
    let scale = -(head >> 4);
    if (scale === -7) scale = reader.byte() << 24 >> 24;
    const width = head & 4 ? reader.count(mostWidth) : 1;
    if (head & 4 && width < 2) throw new Malformed("a width that says nothing");
    const count = reader.count(mostSamples);
    const times = new BigInt64Array(count);
    if (head & 8 && count > 0) {
        const first = BigInt(reader.varint());
        const step = count > 1 ? evenStep(reader) : 0n;
        for (let index = 0; index < count; index += 1) times[index] = first + step * BigInt(index);
    } else integers(times, reader);
    const columns = [];
    for (let part = 0; part < width; part += 1) {
        if (kind === "integer") {
            const column = new BigInt64Array(count);
            integers(column, reader);
            columns.push(column);
        } else columns.push({ double: doubles, boolean: booleans, text: texts }[kind](count, reader));
    }
    if (reader.left > 0) throw new Malformed("is followed by bytes that do not belong to it");
    const values = width === 1 ? Array.from(columns[0]) : [];
    if (width > 1) for (let index = 0; index < count; index += 1) for (const column of columns) values.push(column[index]);
    return { kind, scale: kind === "integer" ? scale : 0, width, times, values };
}
