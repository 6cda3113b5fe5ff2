"""A second reader of Bothy's formats, written from docs/formats.md alone. Argument: a folder of golden files.

Reads every file, recomputes every hash, and prints a line for each; fails at the first that does not agree."""
import hashlib
import pathlib
import struct
import sys

MASK = (1 << 64) - 1


def blake(purpose, data):
    return hashlib.blake2b(data, digest_size=32, person=purpose.encode()).digest()


def signed64(value):
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def unzigzag(value):
    return (value >> 1) ^ -(value & 1)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, count):
        assert self.at + count <= len(self.data), "truncated"
        self.at += count
        return self.data[self.at - count:self.at]

    def u8(self):
        return self.raw(1)[0]

    def i64(self):
        return struct.unpack("<q", self.raw(8))[0]

    def f64bits(self):
        return struct.unpack("<Q", self.raw(8))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                assert byte or shift == 7, "not canonical"
                return value

    def signed(self):
        return unzigzag(self.varint())

    def bytes(self):
        return self.raw(self.varint())

    def text(self):
        return self.bytes().decode("utf-8")

    def boolean(self):
        value = self.u8()
        assert value < 2
        return value == 1

    def packed(self, count, width):
        bits = int.from_bytes(self.raw((count * width + 7) // 8), "little")
        return [bits >> (index * width) & ((1 << width) - 1) for index in range(count)]

    def list(self, item):
        return [item(self) for _ in range(self.varint())]

    def end(self):
        assert self.at == len(self.data), "bytes after the end"


def residuals(reader, count, code):
    start = reader.u8() if code == 13 else code
    if start == 255:
        return [0] * count
    k, inertia = start >> 1, 5 if start & 1 else 3
    assert k <= 48
    bits = int.from_bytes(reader.data[reader.at:], "little")
    place, quotients = 0, []
    for _ in range(count):
        quotient = 0
        while not bits >> place & 1:
            quotient, place = quotient + 1, place + 1
        place += 1
        assert quotient <= 20
        quotients.append(quotient)
    mean, values = 24 << (k + inertia), []
    for quotient in quotients:
        k = min(max(mean, 16 << inertia).bit_length() - 1 - 4 - inertia, 48)
        mean = mean - (mean >> inertia) + ((2 * quotient + 1) * 7 << k)
        values.append(unzigzag(quotient << k | bits >> place & ((1 << k) - 1)))
        place += k
    reader.raw((place + 7) // 8)
    return [reader.signed() if quotient == 20 else value for quotient, value in zip(quotients, values)]


def integers(reader, count):
    if count == 0:
        return []
    way, code = divmod(reader.u8(), 14)
    if way == 0:
        return [reader.signed()] * count
    if way == 1:
        return [reader.i64() for _ in range(count)]
    if way < 4:
        result = [reader.signed()] if way == 3 else []
        runs = reader.varint()
        values, lengths = integers(reader, runs), integers(reader, runs)
        for value, length in zip(values, lengths):
            for _ in range(length + 1):
                result.append(signed64(result[-1] + value) if way == 3 else value)
        assert len(result) == count
        return result
    step = 1
    if way == 17:
        step = reader.varint() + 2
        way, code = divmod(reader.u8(), 14)
    base = reader.signed()
    if way == 4:
        center = reader.signed()
        q = [residual + center for residual in residuals(reader, count, code)]
    elif way < 8:
        q = [0] + residuals(reader, count - 1, code)
        for _ in range(way - 4):
            total = 0
            for index in range(count):
                total = q[index] = signed64(total + q[index])
    elif way < 16:
        parameter = reader.u8()
        shift, width = parameter >> 4, parameter & 15
        c = [value - (1 << width) if value >> (width - 1) else value for value in reader.packed(way - 7, width)]
        half = 1 << (shift - 1) if shift else 0
        q, d = [0], []
        for residual in residuals(reader, count - 1, code):
            guess = half + sum(factor * value for factor, value in zip(c, reversed(d)))
            d.append(signed64(residual + (signed64(guess) >> shift)))
            q.append(signed64(q[-1] + d[-1]))
    else:
        assert way == 16
        fraction, offset, slope = reader.u8(), reader.signed(), reader.signed()
        q = [value + (signed64(offset + index * slope) >> fraction)
             for index, value in enumerate(residuals(reader, count, code))]
    return [signed64(value * step + base) for value in q]


def doubles(reader, count):
    """Their bits."""
    if count == 0:
        return []
    form = reader.u8()
    if form == 0:
        return [(b ^ (b >> 63 & (1 << 63) - 1)) & MASK for b in integers(reader, count)]
    scale, exceptions, index = reader.u8(), {}, 0
    for _ in range(reader.varint()):
        index += reader.varint()
        exceptions[index] = reader.f64bits()
    factor = float(10 ** scale if form == 1 else 2 ** scale)
    bits = [struct.unpack("<Q", struct.pack("<d", float(m) / factor))[0] for m in integers(reader, count)]
    return [exceptions.get(index, value) for index, value in enumerate(bits)]


def booleans(reader, count):
    if count == 0:
        return []
    head = reader.u8()
    if head & 2:
        return reader.packed(count, 1)
    value, result = head & 1, []
    for _ in range(reader.varint()):
        result += [value] * (reader.varint() + 1)
        value = 1 - value
    return result + [value] * (count - len(result))


def texts(reader, count):
    if count == 0:
        return []
    different = reader.list(Reader.bytes)
    return [different[index] for index in integers(reader, count)]


def unpack(data):
    """(tag, times, one list of values for each part)"""
    reader = Reader(data)
    head = reader.u8()
    assert head < 128
    if head >> 4 & 7 == 7:
        reader.raw(1)
    width = reader.varint() if head & 4 else 1
    count = reader.varint()
    if head & 8 and count:
        first = signed64(reader.varint())
        step = reader.varint() if count > 1 else 0
        step = unzigzag(step >> 2) * 1000 ** (step & 3)
        times = [signed64(first + index * step) for index in range(count)]
    else:
        times = integers(reader, count)
    column = [integers, doubles, booleans, texts][head & 3]
    columns = [column(reader, count) for _ in range(width)]
    reader.end()
    return (head & 3) + 1, times, columns


def address(data, gateway, run, stream, first, boot):
    tag, times, columns = unpack(data)
    out = gateway + run + struct.pack("<IQI", stream, first, len(times)) + boot
    for index, time in enumerate(times):
        out += struct.pack("<q", time)
        for column in columns:
            value = column[index]
            out += bytes([tag])
            out += [lambda v: struct.pack("<q", v), lambda v: struct.pack("<Q", v), lambda v: bytes([v]),
                    lambda v: struct.pack("<I", len(v)) + v][tag - 1](value)
    return blake("bothy.block.v1", out)


def run_open(r):
    return dict(gateway=r.raw(32), run=r.raw(16), ordinal=r.varint(), previous=r.raw(16), seal=r.raw(32),
                boot=r.raw(16), opened=r.i64(), hardware=r.raw(32), version=r.text())


def gap(r):
    head = (r.raw(16), r.varint(), r.u8())
    extent = r.u8()
    assert extent < 2
    return head + (r.varint(), r.varint(), r.varint(), r.i64(), r.text(), r.text())


def declaration(r):
    fields = [r.varint()] + [r.text() for _ in range(5)] + [r.boolean(), r.text(), r.text()]
    if r.u8() == 1:
        r.raw(1)
    fields += [r.list(Reader.text), r.text()]
    if r.boolean():
        r.raw(16)
    r.raw(8)
    return fields


def anchor(r):
    return r.raw(16), r.i64(), r.i64(), r.varint(), r.u8(), r.text()


def seal(r):
    return dict(gateway=r.raw(32), run=r.raw(16), number=r.varint(), previous=r.raw(32), root=r.raw(32),
                blocks=r.varint(), time=r.i64(), next=r.list(lambda r: (r.varint(), r.varint())), gaps=r.list(gap),
                declarations=r.list(declaration), anchors=r.list(anchor))


def receipt(r):
    return dict(hub=r.raw(32), epoch=r.raw(16), gateway=r.raw(32), run=r.raw(16), seal=r.varint(), root=r.raw(32),
                time=r.i64())


def signed_record(r, kind, read):
    body = Reader(r.bytes())
    record = read(body)
    body.end()
    r.raw(64)
    return record, blake("bothy.record.v1", b"bothy/" + kind + b"/1\0" + body.data)


def root(leaves):
    if len(leaves) == 1:
        return blake("bothy.leaf.v1", leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return blake("bothy.node.v1", root(leaves[:split]) + root(leaves[split:]))


def main(folder):
    def whole(name, read):
        reader = Reader((folder / name).read_bytes())
        value = read(reader)
        reader.end()
        print(name, "read")
        return value

    opening, opening_hash = whole("run.signed", lambda r: signed_record(r, b"run", run_open))
    sealed, seal_hash = whole("seal.signed", lambda r: signed_record(r, b"seal", seal))
    whole("receipt.signed", lambda r: signed_record(r, b"receipt", receipt))
    assert sealed["previous"] == opening_hash, "the seal does not follow its run's opening"
    assert seal_hash == (folder / "seal.hash").read_bytes(), "the seal's hash"
    assert sealed["root"] == root([bytes([index]) + bytes(31) for index in range(5)]), "the Merkle root"
    for file in sorted(folder.glob("*.packed")):
        held = folder / (file.stem + ".address")
        tag, times, columns = unpack(file.read_bytes())
        if held.exists():
            found = address(file.read_bytes(), opening["gateway"], opening["run"], 7, 1024, opening["boot"])
            assert found == held.read_bytes(), file.name + ": another address"
        print(file.name, "tag", tag, len(times), "samples of", len(columns))

    data = (folder / "commit.v1").read_bytes()
    assert data[-8:] == blake("bothy.commit.v1", data[:-8])[:8], "the commit's checksum"
    reader = Reader(data[:-8])
    assert reader.raw(5) == b"BTYC\1" and reader.raw(16) == opening["run"]
    number, time = reader.varint(), reader.i64()
    assert reader.boolean()
    assert signed_record(reader, b"run", run_open)[1] == opening_hash
    counts = [len(reader.list(item)) for item in (declaration, gap, anchor)]
    segments = reader.list(lambda r: (r.varint(), r.varint(), r.varint(), r.bytes()))
    reader.end()
    for _, _, count, packed in segments:
        assert len(unpack(packed)[1]) == count
    print("commit.v1", number, time, counts, len(segments))

    ranges, end = [], 0
    reader = Reader((folder / "ranges").read_bytes())
    for _ in range(reader.varint()):
        first = end + reader.varint()
        end = first + reader.varint()
        ranges.append((first, end))
    reader.end()
    assert ranges[0] == (0, 1024) and ranges[-1] == (2**64 - 4, 2**64 - 1), ranges
    reader = Reader((folder / "digest").read_bytes())
    assert (reader.varint(), reader.varint()) == (3, 30)
    heads = b"".join(struct.pack("<IQI", 7, n * 10, 10) + opening["gateway"] for n in range(3))
    assert reader.raw(32) == blake("bothy.range.v1", heads), "the digest"
    print("all agree")


main(pathlib.Path(sys.argv[1]))
