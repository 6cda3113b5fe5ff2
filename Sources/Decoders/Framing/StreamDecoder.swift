import Measurements

/// What a port's bytes can be.
public enum SerialProtocol: Sendable {
    case nmea([NMEADecoder.Extra])
    case dsmr(takesUnchecked: Bool)
    case sml
    /// Frames or lines as a description says.
    case described(Description)

    public var label: String {
        switch self {
        case .nmea: "nmea/1"
        case .dsmr: "dsmr/1"
        case .sml: "sml/1"
        case .described(let description): description.label
        }
    }

    public var kind: String {
        switch self {
        case .nmea: "gps"
        case .dsmr, .sml: "meter"
        case .described(let description): description.kind
        }
    }
}

/// All that can go wrong between a port and a value; each is counted.
public enum SerialFault: Int, CaseIterable, Sendable {
    case noise, torn, checksum, overlong, malformed, outOfRange, noHeader
    /// Frames that are whole and right, and of no use: replies to commands, sentences nobody asked for.
    case unused

    public var name: StaticString {
        switch self {
        case .noise: "noise_bytes"
        case .torn: "torn_frames"
        case .checksum: "checksum_errors"
        case .overlong: "overlong_frames"
        case .malformed: "malformed_frames"
        case .outOfRange: "out_of_range"
        case .noHeader: "no_header"
        case .unused: "unused_frames"
        }
    }

    init(_ fault: FrameFault) {
        switch fault {
        case .checksum: self = .checksum
        case .torn: self = .torn
        case .noise: self = .noise
        case .overlong: self = .overlong
        case .malformed: self = .malformed
        }
    }
}

/// From a port's bytes to readings, whatever the protocol: framer, decoder, counts.
public struct StreamDecoder {
    private enum Reader {
        case nmea(NMEADecoder)
        case dsmr(DSMRDecoder)
        case sml(SMLDecoder)
        case lines(LineDecoder)
        case frames(Description)
    }

    public let attributes: [AttributeDeclaration]
    /// Whether a flipped bit within the declared range goes unnoticed.
    public let isUnchecked: Bool
    /// Frames that gave values.
    public private(set) var frames: UInt64 = 0
    /// By `SerialFault`.
    public private(set) var faults = [UInt64](repeating: 0, count: SerialFault.allCases.count)
    /// The newest time the device told, with the boot time of its sentence.
    public private(set) var anchor: (NMEADecoder.Anchor, at: BootTime)?
    private var framer: any Framer
    private var reader: Reader

    public init(_ kind: SerialProtocol) {
        switch kind {
        case .nmea(let extras):
            framer = NMEAFramer()
            let decoder = NMEADecoder(extras: extras)
            attributes = decoder.attributes
            reader = .nmea(decoder)
            isUnchecked = false
        case .dsmr(let takesUnchecked):
            framer = DSMRFramer(takesUnchecked: takesUnchecked)
            attributes = DSMRDecoder.attributes
            reader = .dsmr(DSMRDecoder())
            isUnchecked = takesUnchecked
        case .sml:
            framer = SMLFramer()
            attributes = SMLDecoder.attributes
            reader = .sml(SMLDecoder())
            isUnchecked = false
        case .described(let description):
            let framing = description.serial?.framing ?? .lines
            framer = framing.framer()
            isUnchecked = !framing.isChecked
            if let layout = description.serial?.lines {
                attributes = layout.attributes
                reader = .lines(LineDecoder(layout))
            } else if case .nmea = framing {
                let decoder = NMEADecoder(extras: description.serial?.nmea ?? [])
                attributes = decoder.attributes
                reader = .nmea(decoder)
            } else {
                attributes = description.attributes
                reader = .frames(description)
            }
        }
    }

    public func count(_ fault: SerialFault) -> UInt64 { faults[fault.rawValue] }

    public var pending: Int { framer.pending }

    /// Takes what was read at `time` and appends the values in it.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer, at time: BootTime, into readings: inout Readings) {
        anchor = nil
        var reader = self.reader
        self.reader = .sml(SMLDecoder())
        var (frames, faults, anchor) = (self.frames, self.faults, self.anchor)
        framer.feed(bytes) { event in
            switch event {
            case .fault(let fault, let count): faults[SerialFault(fault).rawValue] += UInt64(count)
            case .frame(let frame):
                if let fault = Self.read(&reader, frame, time, &readings, &anchor) {
                    faults[fault.rawValue] += 1
                } else {
                    frames += 1
                }
            }
        }
        self.reader = reader
        (self.frames, self.faults, self.anchor) = (frames, faults, anchor)
    }

    /// The line is silent, or closed: what was begun will not end.
    public mutating func silence() {
        var faults = self.faults
        framer.silence { event in
            if case .fault(let fault, let count) = event { faults[SerialFault(fault).rawValue] += UInt64(count) }
        }
        self.faults = faults
    }

    private static func read(
        _ reader: inout Reader, _ frame: UnsafeRawBufferPointer, _ time: BootTime, _ readings: inout Readings,
        _ anchor: inout (NMEADecoder.Anchor, at: BootTime)?
    ) -> SerialFault? {
        switch reader {
        case .nmea(var decoder):
            // Taken out while it is changed, so that its arrays are not copied.
            reader = .sml(SMLDecoder())
            let outcome = decoder.decode(frame, at: time, into: &readings)
            if let found = decoder.anchor { anchor = (found, time) }
            reader = .nmea(decoder)
            switch outcome {
            case .decoded: return nil
            case .unknown: return .unused
            case .malformed: return .malformed
            }
        case .lines(var decoder):
            reader = .sml(SMLDecoder())
            let outcome = decoder.decode(frame, at: time, into: &readings)
            reader = .lines(decoder)
            switch outcome {
            case .decoded: return nil
            case .nothing: return .unused
            case .malformed: return .malformed
            case .outOfRange: return .outOfRange
            case .noHeader: return .noHeader
            }
        case .dsmr(let decoder): return decoder.decode(frame, at: time, into: &readings) ? nil : .malformed
        case .sml(let decoder): return decoder.decode(frame, at: time, into: &readings) ? nil : .malformed
        case .frames(let description):
            let context = FrameContext(time: time, source: .serial)
            guard let (_, outcome) = description.decode(frame, context, into: &readings) else { return .unused }
            if let refusal = outcome.refusal { return refusal == .checksum ? .checksum : .malformed }
            return outcome.outOfRange > 0 ? .outOfRange : nil
        }
    }
}
