/// The tables of ring.db. The file can be thrown away: what must survive lives in state.db.
enum RingSchema {
    /// Goes up when an older program must not touch the file.
    static let version: Int64 = 1
    /// "BTYR": tells the file from other databases.
    static let applicationID: Int64 = 0x4254_5952

    static let sql = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE run (
            id INTEGER PRIMARY KEY, gateway BLOB NOT NULL, run BLOB NOT NULL, boot BLOB, body BLOB,
            UNIQUE (gateway, run));
        CREATE TABLE stream (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, number INTEGER NOT NULL,
            replicated INTEGER NOT NULL DEFAULT 0, body BLOB,
            UNIQUE (run, number));
        CREATE TABLE tail (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE pack (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE packmeta (
            id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, place INTEGER NOT NULL, age INTEGER NOT NULL,
            written INTEGER NOT NULL, bytes INTEGER NOT NULL, seal INTEGER NOT NULL, state INTEGER NOT NULL);
        CREATE TABLE fence (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE seal (
            id INTEGER PRIMARY KEY, run INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,
            UNIQUE (run, number));
        CREATE TABLE gap (
            id INTEGER PRIMARY KEY, run INTEGER NOT NULL, stream INTEGER NOT NULL, kind INTEGER NOT NULL,
            first INTEGER NOT NULL, extent INTEGER NOT NULL, body BLOB NOT NULL,
            UNIQUE (run, stream, kind, extent, first));
        CREATE TABLE anchor (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, time INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE INDEX anchor_run ON anchor (run, time);
        CREATE TABLE cursor (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        """
}
