"""What foreign libraries make of frames, as JSON lines: serial_frames.py nmea|cobs|dsmr|sml …"""
import datetime
import json
import random
import sys


def crc(data, polynomial, start):
    value = start
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ polynomial if value & 1 else value >> 1
    return value


def nmea(count, seed):
    """Random sentences made and read by pynmeagps."""
    from pynmeagps import GET, NMEAMessage, NMEAReader
    draw = random.Random(seed)
    for _ in range(count):
        latitude, longitude = draw.uniform(-90, 90), draw.uniform(-180, 180)
        clock = "%02d%02d%02d.%02d" % (draw.randrange(24), draw.randrange(60), draw.randrange(60), draw.randrange(100))
        place = dict(lat=latitude, NS="N" if latitude > 0 else "S", lon=longitude, EW="E" if longitude > 0 else "W")
        talker = draw.choice(["GP", "GN", "GL", "GA"])
        kind = draw.choice(["GGA", "RMC", "VTG", "GSA", "HDT", "ZDA", "GLL"])
        if kind == "GGA":
            fields = dict(
                time=clock, **place, quality=draw.randrange(1, 6), numSV=draw.randrange(4, 24),
                HDOP=draw.randrange(50, 999) / 100, alt=draw.randrange(-1000, 90000) / 10, altUnit="M",
                sep=draw.randrange(-500, 500) / 10, sepUnit="M")
        elif kind == "RMC":
            fields = dict(
                time=clock, status=draw.choice("AAAV"), **place, spd=draw.randrange(0, 20000) / 100,
                cog=draw.randrange(0, 36000) / 100, posMode="A",
                date=datetime.date(draw.randrange(2025, 2060), draw.randrange(1, 13), draw.randrange(1, 29)))
        elif kind == "VTG":
            knots = draw.randrange(0, 20000) / 100
            fields = dict(
                cogt=draw.randrange(0, 36000) / 100, cogtUnit="T", cogm=1.0, cogmUnit="M", sogn=knots, sognUnit="N",
                sogk=round(knots * 1.852, 2), sogkUnit="K", posMode="A")
        elif kind == "GSA":
            fields = dict(
                opMode="A", navMode=draw.randrange(1, 4), svid_01=draw.randrange(1, 32),
                PDOP=draw.randrange(50, 999) / 100, HDOP=draw.randrange(50, 999) / 100,
                VDOP=draw.randrange(50, 999) / 100)
        elif kind == "HDT":
            fields = dict(headingT=draw.randrange(0, 36000) / 100, headingTu="T")
        elif kind == "ZDA":
            fields = dict(
                time=clock, day=draw.randrange(1, 29), month=draw.randrange(1, 13), year=draw.randrange(2025, 2090),
                ltzh="00", ltzn="00")
        else:
            fields = dict(**place, time=clock, status="A", posMode="A")
        raw = NMEAMessage(talker, kind, GET, **fields).serialize()
        read = NMEAReader.parse(raw)
        out = {key: getattr(read, key) for key in fields if isinstance(getattr(read, key), (int, float, str))}
        print(json.dumps({"hex": raw.hex(), "kind": kind, "fields": out}))


def packed(count, seed):
    from cobs import cobs
    draw = random.Random(seed)
    for index in range(count):
        size = draw.choice([1, 2, 253, 254, 255, 256, 300, draw.randrange(1, 500)])
        data = bytes(draw.choice([0, 0, 1, 0xff, draw.randrange(256)]) for _ in range(size))
        print(json.dumps({"hex": (cobs.encode(data) + b"\0").hex(), "data": data.hex()}))


def dsmr():
    from dsmr_parser import obis_references, telegram_specifications
    from dsmr_parser.parsers import TelegramParser
    text = sys.stdin.read().replace("\r", "").replace("\n", "\r\n")
    body = text[: text.index("!") + 1]
    text = body + "%04X\r\n" % crc(body.encode(), 0xA001, 0)
    telegram = TelegramParser(telegram_specifications.V5, apply_checksum_validation=True).parse(text)
    values = {}
    for name, value in json.loads(telegram.to_json()).items():
        if isinstance(value, dict) and "value" in value:
            values[name] = value
    for device in telegram.MBUS_DEVICES:
        reading = json.loads(device.to_json())
        values["MBUS_%s" % reading["CHANNEL_ID"]] = reading
    print(json.dumps({"hex": text.encode().hex(), "values": values}))


def sml():
    from smllib import SmlStreamReader
    for line in sys.stdin:
        stream = SmlStreamReader()
        stream.add(bytes.fromhex(line.strip()))
        frame = stream.get_frame()
        values = {}
        for message in frame.parse_frame():
            for entry in getattr(message.message_body, "val_list", None) or []:
                values[entry.obis.obis_short] = {
                    "value": entry.value if isinstance(entry.value, (int, float)) else str(entry.value),
                    "scaler": entry.scaler, "unit": entry.unit}
        print(json.dumps(values))


if __name__ == "__main__":
    command = sys.argv[1]
    if command == "nmea":
        nmea(int(sys.argv[2]), int(sys.argv[3]))
    elif command == "cobs":
        packed(int(sys.argv[2]), int(sys.argv[3]))
    elif command == "dsmr":
        dsmr()
    else:
        sml()
