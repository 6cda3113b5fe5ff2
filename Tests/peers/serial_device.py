"""A foreign device at the other end of a port: serial_device.py modbus PORT | write PORT BAUD."""
import struct
import sys
import time


def modbus(port):
    """pymodbus as four units: 1 and 2 answer, 3 answers late, 4 has a hole between its registers, 5 is silent."""
    from pymodbus.datastore import ModbusDeviceContext, ModbusServerContext, ModbusSparseDataBlock
    from pymodbus.server import StartSerialServer

    def words(data):
        return list(struct.unpack(">%dH" % (len(data) // 2), data))

    def unit(number):
        # The same numbers in every order that devices use.
        plain = struct.pack(">f", 20.5 + number)
        long = struct.pack(">i", -100000 * number)
        holding = {}

        def put(address, data):
            for index, word in enumerate(words(data)):
                holding[address + index] = word
        put(0, struct.pack(">h", -10 * number))
        put(1, plain)
        put(3, plain[2:] + plain[:2])
        put(5, bytes([plain[1], plain[0], plain[3], plain[2]]))
        put(7, plain[::-1])
        put(9, long)
        put(11, struct.pack(">q", -(10 ** 12) * number))
        put(15, struct.pack(">d", 1.5 * number))
        if number != 4:
            put(19, b"\0\0")
        put(20, b"unit%d\0" % number)
        inputs = {index: 1000 * number + index for index in range(8)}
        bits = {index: index % 3 == 0 for index in range(16)}
        return ModbusDeviceContext(
            di=ModbusSparseDataBlock(bits), co=ModbusSparseDataBlock(bits), hr=ModbusSparseDataBlock(holding),
            ir=ModbusSparseDataBlock(inputs))

    def late(sending, data):
        if sending and data[:1] == b"\x03":
            time.sleep(0.15)
        return b"" if sending and data[:1] == b"\x05" else data

    context = ModbusServerContext(devices={number: unit(number) for number in (1, 2, 3, 4, 5)}, single=False)
    StartSerialServer(context=context, port=port, baudrate=9600, ignore_missing_devices=True, trace_packet=late)


def write(port, baud):
    """Writes what comes on standard input, a line of hexadecimal at a time."""
    import serial
    with serial.Serial(port, baud) as device:
        print("open", flush=True)
        for line in sys.stdin:
            device.write(bytes.fromhex(line))
            device.flush()


if __name__ == "__main__":
    if sys.argv[1] == "modbus":
        modbus(sys.argv[2])
    else:
        write(sys.argv[2], int(sys.argv[3]))
