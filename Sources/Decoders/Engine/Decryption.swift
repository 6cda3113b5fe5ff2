import CAES

/// The AES-CCM stage of an encrypted beacon: which bytes are sealed, and how its nonce is put together.
struct Decryption: Sendable {
    enum Piece: Sendable {
        /// The device's address as shown, or with its last byte first.
        case address, addressReversed
        /// The service UUID's 16 bits, or the company's, least significant byte first.
        case source
        case bytes(at: Int, count: Int)
        case literal([UInt8])
    }

    var nonce: [Piece]
    var also: [UInt8]
    /// The sealed bytes `from..<to`; negative counts from the end, `to` 0 is the end. Nil where the header's length
    /// varies: from the cursor on.
    var from: Int?
    var to: Int
    var tagAt: Int
    var tagCount: Int
    static let keyCount = 16
    static let greatestNonce = 13

    func open(
        _ frame: UnsafeRawBufferPointer, cursor: Int, _ context: FrameContext, into plain: UnsafeMutableRawPointer
    ) -> Result<Int, Refusal> {
        let count = frame.count
        let first = from.map { $0 < 0 ? count + $0 : $0 } ?? cursor
        let last = to <= 0 ? count + to : to
        let tag = tagAt < 0 ? count + tagAt : tagAt
        guard first >= 0, first < last, last <= count, tag >= 0, tag + tagCount <= count else {
            return .failure(.tooShort)
        }
        guard context.key.count == Decryption.keyCount else { return .failure(.keyMissing) }
        let status: Int32? = withUnsafeTemporaryAllocation(byteCount: Decryption.greatestNonce, alignment: 1) { nonce in
            guard let nonceCount = fill(nonce, frame, context) else { return nil }
            let bytes = frame.baseAddress!
            return bothy_aes_ccm_open(
                context.key, nonce.baseAddress!, nonceCount, also, also.count, bytes + first, last - first, bytes + tag,
                tagCount, plain)
        }
        guard let status else { return .failure(.tooShort) }
        return status == aesOpened ? .success(last - first) : .failure(.wrongKey)
    }

    private func fill(_ nonce: UnsafeMutableRawBufferPointer, _ frame: UnsafeRawBufferPointer, _ context: FrameContext)
        -> Int?
    {
        var count = 0
        func append(_ byte: UInt8) {
            if count < nonce.count { nonce[count] = byte }
            count += 1
        }
        for part in self.nonce {
            switch part {
            case .address: for shift in 0..<6 { append(UInt8(truncatingIfNeeded: context.address >> (40 - 8 * shift))) }
            case .addressReversed:
                for shift in 0..<6 { append(UInt8(truncatingIfNeeded: context.address >> (8 * shift))) }
            case .source:
                let short = sourceNumber(context.source)
                append(UInt8(truncatingIfNeeded: short))
                append(UInt8(truncatingIfNeeded: short >> 8))
            case .bytes(let at, let length):
                let first = at < 0 ? frame.count + at : at
                guard first >= 0, first + length <= frame.count else { return nil }
                for index in first..<first + length { append(frame[index]) }
            case .literal(let bytes): for byte in bytes { append(byte) }
            }
        }
        return count <= nonce.count ? count : nil
    }

    private func sourceNumber(_ source: FrameSource) -> UInt16 {
        switch source {
        case .serviceData(let uuid), .characteristic(let uuid): uuid.short ?? 0
        case .manufacturer(let company): company
        case .serial: 0
        }
    }
}
