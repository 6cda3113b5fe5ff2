import Measurements

/// Where the needed part of the tail begins and how its pages lie: written with each pack.
struct TailPlace: Hashable {
    var keepFrom: UInt64
    var map: TailMap

    /// Nil where nothing was packed yet and the table has its first size.
    static func load(_ database: Database) throws(StoreError) -> TailPlace? {
        guard let kept = try RingMeta.get("tail", database) else { return nil }
        var reader = ByteReader(kept)
        do throws(Malformed) {
            let from = try reader.varint("tail's beginning")
            return TailPlace(keepFrom: from, map: try TailMap(try reader.block("tail's epochs", most: 1 << 12)))
        } catch {
            throw .corrupt(database.path, "tail", error.description)
        }
    }

    func store(_ database: Database) throws(StoreError) {
        var writer = ByteWriter()
        writer.varint(keepFrom)
        writer.block(map.bytes)
        try RingMeta.set("tail", writer.bytes, database)
    }
}
