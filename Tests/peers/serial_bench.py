"""Frames a second that foreign libraries read from files of hexadecimal frames: serial_bench.py SECONDS NMEA MODBUS SML."""
import json
import sys
import time


def rate(work, frames, seconds):
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for frame in frames:
            work(frame)
        count += len(frames)
    return count / (time.perf_counter() - begun)


def frames(path):
    return [bytes.fromhex(line) for line in open(path)]


def main():
    from pymodbus.framer import FramerRTU
    from pymodbus.pdu import DecodePDU
    from pynmeagps import NMEAReader
    from smllib import SmlStreamReader
    seconds = float(sys.argv[1])
    modbus = FramerRTU(DecodePDU(False))

    def sml(frame):
        stream = SmlStreamReader()
        stream.add(frame)
        for message in stream.get_frame().parse_frame():
            getattr(message.message_body, "val_list", None)

    print(json.dumps({
        "nmea": rate(NMEAReader.parse, frames(sys.argv[2]), seconds),
        "modbus": rate(lambda frame: modbus.handleFrame(frame, 1, 0), frames(sys.argv[3]), seconds),
        "sml": rate(sml, frames(sys.argv[4]), seconds),
    }))


main()
